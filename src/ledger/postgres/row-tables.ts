import type { Hold } from '../counting/hold.ts';
import type { CreditTable, Tables } from '../counting/tables.ts';
import type { Row } from './driver.ts';
import { asText, type Value } from './literals.ts';
import { type AccountRow, RowAccounts } from './row-accounts.ts';
import { CREDIT, type KnownParts, RowHolds, stateOf } from './row-holds.ts';

/** The tables of one transaction, filled by the rows that `fetch` of the schema returns. */
export class RowTables implements Tables {
  readonly accounts = new RowAccounts();
  readonly holds: RowHolds;
  readonly credits: CreditTable;
  /** By the clock of the store, which decides when a lease is over. */
  readonly clockMs: number;
  /** Never before the time of a row, so that a clock that was set back frees nothing. */
  readonly nowMs: number;

  constructor(rows: readonly Row[], known: KnownParts) {
    this.holds = new RowHolds(known);
    this.credits = this.holds.credits;
    let clockMs = 0;
    let nowMs = 0;
    for (const row of rows) {
      if (row['kind'] === 'hold') this.holds.fetched(row);
      else if (row['kind'] === 'account') this.accounts.fetched(row);
      else clockMs = Number(row['at_ms']);
      nowMs = Math.max(nowMs, Number(row['at_ms']));
    }
    this.clockMs = clockMs;
    this.nowMs = nowMs;
  }

  /** Returns the arguments for `write` of the schema; `undefined` if nothing has changed. Called
   * once. */
  takeChanges(): readonly Value[] | undefined {
    const { added, changed, credited } = this.holds;
    for (const { parts, expiresAtMs } of added.values()) {
      for (const { key } of parts) this.accounts.lives(key, expiresAtMs);
    }
    const accounts = this.accounts.takeChanged();
    const holds = [
      ...[...added.values()].map(newRow),
      ...[...changed.values()].map(changedRow),
      ...credited.map(creditRow),
    ];
    if (accounts.length + holds.length === 0) return undefined;
    return [this.nowMs, ...accountColumns(accounts), ...holdColumns(holds)];
  }
}

interface HoldRow {
  readonly id: string;
  readonly isNew: boolean;
  readonly state: number;
  readonly dispatched: boolean;
  readonly expiresAtMs: number;
  /** Empty if the row has them already, or needs none. */
  readonly accounts: string;
  readonly parts: string;
}

function changedRow(hold: Hold): HoldRow {
  const { id, dispatched, expiresAtMs } = hold;
  const state = stateOf(hold);
  return { id, isNew: false, state, dispatched, expiresAtMs, accounts: '', parts: '' };
}

function newRow(hold: Hold): HoldRow {
  const row = { ...changedRow(hold), isNew: true };
  if (hold.ending !== undefined) return row;
  const accounts = new Set(hold.parts.map(({ key }) => key));
  return { ...row, accounts: asText([...accounts]) ?? '', parts: JSON.stringify(hold.parts) };
}

function creditRow(id: string): HoldRow {
  const nothing = { dispatched: false, expiresAtMs: 0, accounts: '', parts: '' };
  return { id, isNew: true, state: CREDIT, ...nothing };
}

function accountColumns(rows: readonly AccountRow[]): readonly Value[] {
  return [
    rows.map(({ key }) => key),
    rows.map(({ isNew }) => isNew),
    rows.map(({ account }) => account.live),
    rows.map(({ account, dueMs }) => (account.live > 0 ? dueMs : Number.POSITIVE_INFINITY)),
    rows.map(({ account }) => account.idleFromMs),
    rows.map(({ account }) => JSON.stringify(account.numbers)),
  ];
}

function holdColumns(rows: readonly HoldRow[]): readonly Value[] {
  return [
    rows.map(({ id }) => id),
    rows.map(({ isNew }) => isNew),
    rows.map(({ state }) => state),
    rows.map(({ dispatched }) => dispatched),
    rows.map(({ expiresAtMs }) => expiresAtMs),
    rows.map(({ accounts }) => accounts),
    rows.map(({ parts }) => parts),
  ];
}
