import { type Amounts, amountIn, NO_AMOUNTS } from '../amounts.ts';
import type {
  Balance,
  Claim,
  Granted,
  Lease,
  NotGranted,
  ReleaseOptions,
  Resolution,
} from '../ledger.ts';
import type { Account } from './account.ts';
import { counterAt } from './counter-for.ts';
import { balancesOf, shadowsBroken, takingOf, violationsOf, wouldDenyOf } from './decide.ts';
import { type Ending, Hold } from './hold.ts';
import { Part } from './part.ts';
import { keepsRequests } from './rate-counter.ts';
import type { AccountTable, CreditTable, HoldTable, Tables } from './tables.ts';

/** A grant, with its hold for the caller. */
export interface GrantedHold extends Granted {
  readonly hold: Hold;
}

/** What is posted when a hold ends: what was used, all that is held, or only the requests of rates. */
export type Posted = Amounts | 'held' | 'rates';

/** The verbs of a ledger, on the tables of a store, at the store's time. They are synchronous.
 * `expire` must be called before the others whenever time may have passed. */
export class Verbs {
  readonly #accounts: AccountTable;
  readonly #holds: HoldTable;
  readonly #credits: CreditTable;

  constructor({ accounts, holds, credits }: Tables) {
    this.#accounts = accounts;
    this.#holds = holds;
    this.#credits = credits;
  }

  /** Ends every lease that is over, as of the moment of its end. */
  expire(nowMs: number): void {
    for (;;) {
      const hold = this.#holds.nextExpired(nowMs);
      if (hold === undefined) return;
      this.#post(hold, hold.dispatched ? 'held' : NO_AMOUNTS, hold.expiresAtMs);
      hold.phase = hold.dispatched ? 'charged' : 'freed';
      this.#holds.expired(hold, nowMs);
    }
  }

  reserve(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    lease: Lease,
    nowMs: number,
  ): Granted | NotGranted {
    if (this.#holds.find(id) !== undefined) {
      return { granted: true, balances: this.read(claims, nowMs) };
    }
    const decision = this.take(id, claims, held, lease, nowMs);
    if (!decision.granted) return decision;
    const { hold, ...granted } = decision;
    this.#holds.add(hold);
    return granted;
  }

  /** The same as `reserve`, but the hold is returned and not put into a table. */
  take(
    id: string,
    claims: readonly Claim[],
    held: Amounts,
    { durationMs, dispatched }: Lease,
    nowMs: number,
  ): GrantedHold | NotGranted {
    const parts = this.#partsOf(claims, held);
    const violations = violationsOf(parts, nowMs);
    if (violations.length > 0) {
      return { granted: false, violations, balances: balancesOf(parts, nowMs) };
    }
    const broken = shadowsBroken(parts, nowMs);
    const taking = takingOf(parts, broken, nowMs);
    this.#takeAll(taking, nowMs);
    const hold = new Hold(id, taking, dispatched, Math.floor(nowMs + durationMs));
    const balances = balancesOf(parts, nowMs);
    if (broken === undefined) return { granted: true, balances, hold };
    return { granted: true, balances, wouldDeny: wouldDenyOf(parts, broken, nowMs), hold };
  }

  settle(id: string, used: Amounts, nowMs: number): Resolution {
    return this.#endFound(this.#holds.find(id), 'settled', used, nowMs);
  }

  release(id: string, options: ReleaseOptions | undefined, nowMs: number): Resolution {
    return this.#endFound(this.#holds.find(id), 'released', postedBy(options), nowMs);
  }

  end(hold: Hold, ending: Ending, used: Posted, nowMs: number): Resolution {
    if (hold.ending !== undefined) return repeated(hold.ending, ending);
    this.#post(hold, used, nowMs);
    hold.ending = ending;
    this.#holds.ended(hold, ending, nowMs);
    return 'done';
  }

  renew(id: string, lease: Lease, nowMs: number): boolean {
    const hold = this.#holds.find(id);
    return hold instanceof Hold && this.extend(hold, lease, nowMs);
  }

  extend(hold: Hold, { durationMs, dispatched }: Lease, nowMs: number): boolean {
    if (hold.phase !== 'held' || hold.ending !== undefined) return false;
    hold.dispatched ||= dispatched;
    hold.expiresAtMs = Math.max(hold.expiresAtMs, Math.floor(nowMs + durationMs));
    this.#holds.renewed(hold);
    return true;
  }

  read(claims: readonly Claim[], nowMs: number): readonly Balance[] {
    return balancesOf(this.#partsOf(claims, NO_AMOUNTS), nowMs);
  }

  credit(id: string, claims: readonly Claim[], amounts: Amounts, nowMs: number): Resolution {
    if (this.#credits.has(id)) return 'replayed';
    this.#credits.add(id, nowMs);
    for (const part of this.#partsOf(claims, amounts)) {
      if (part.cost === 0) continue;
      part.open(this.#accounts.keep(part.key, nowMs));
      part.give(nowMs);
    }
    return 'done';
  }

  #endFound(
    found: Hold | Ending | undefined,
    ending: Ending,
    used: Posted,
    nowMs: number,
  ): Resolution {
    if (found === undefined) return 'unknown';
    if (typeof found === 'string') return repeated(found, ending);
    return this.end(found, ending, used, nowMs);
  }

  #partsOf(claims: readonly Claim[], amounts: Amounts): Part[] {
    const parts: Part[] = [];
    let account: Account | undefined;
    let before: string | undefined;
    for (const { account: key, rule } of claims) {
      const counter = counterAt(parts.length, rule);
      const part = new Part(key, counter, amountIn(amounts, counter.unit));
      // Neighbours are mostly on the same account.
      if (key !== before) account = this.#accounts.find(key);
      before = key;
      part.locate(account);
      parts.push(part);
    }
    return parts;
  }

  #takeAll(parts: readonly Part[], nowMs: number): void {
    for (const { key, isNew } of parts) if (isNew) this.#accounts.find(key)?.assertRoom();
    for (const part of parts) {
      if (!part.account.isKept) part.open(this.#accounts.keep(part.key, nowMs));
      part.take(nowMs);
    }
  }

  #post({ parts, phase }: Hold, used: Posted, nowMs: number): void {
    for (const part of parts) {
      const { key, account } = part;
      part.open(account.isKept ? account : this.#accounts.keep(key, nowMs));
      part.post(totalOf(part, used), phase, nowMs);
    }
  }
}

/** Returns what a release posts. */
export const postedBy = (options: ReleaseOptions | undefined): Posted =>
  options?.keepsRates === true ? 'rates' : NO_AMOUNTS;

function totalOf(part: Part, used: Posted): number {
  const { counter, taken } = part;
  if (used === 'held') return taken;
  if (used !== 'rates') return part.shareOf(amountIn(used, counter.unit));
  return keepsRequests(counter.rule) ? taken : 0;
}

const repeated = (earlier: Ending, ending: Ending): Resolution =>
  earlier === ending ? 'replayed' : 'refused';
