import type { UserUsage } from '../../src/index.ts';
import type { InvoiceLine } from '../../src/testing/index.ts';
import type { Crew } from './crew.ts';
import { USERS, type UserName } from './guarding.ts';

export interface Evidence {
  readonly crew: Crew;
  readonly invoice: readonly InvoiceLine[];
  /** Read after every lease has ended. */
  readonly usages: readonly UserUsage[];
}

const NANO = 1e9;
/** Dollars are floating-point numbers, and each charge is rounded up. */
const ROUNDING_NANO_USD = 2;
const HEAP_GROWTH_MAX = 1.25;
const HEAP_SAMPLES_MIN = 12;

/** Describes everything that did not hold. Empty if everything did. */
export function faultsOf({ crew, invoice, usages }: Evidence): readonly string[] {
  return [
    ...nothingHappened(crew, invoice),
    ...usages.flatMap(openHolds),
    ...invoice.flatMap((line) => wrongCharge(crew, line)),
    ...usages.flatMap((usage) => belowInvoice(usage, invoice)),
    ...heapGrowth(crew.heap),
  ];
}

/**
 * Whether a call was posted from what the upstream reported, to a client that received everything.
 */
export function isExact(crew: Crew, call: string): boolean {
  const posted = crew.posted.get(call);
  return posted !== undefined && !posted.estimated && !posted.released && crew.whole.has(call);
}

/** A run without comparisons proves nothing. */
function nothingHappened(crew: Crew, invoice: readonly InvoiceLine[]): string[] {
  const exact = invoice.filter((line) => isExact(crew, callOf(line))).length;
  return exact >= 20 && crew.kills > 0 ? [] : [`only ${exact} exact calls, ${crew.kills} kills`];
}

function openHolds({ userId, limits }: UserUsage): string[] {
  const open = limits.filter(({ held }) => held !== 0);
  return open.map(({ name, held }) => `${userId} still holds ${held} of ${name}`);
}

function wrongCharge(crew: Crew, line: InvoiceLine): string[] {
  const call = callOf(line);
  const posted = crew.posted.get(call);
  if (posted === undefined || !isExact(crew, call)) return [];
  const owed = owedNanoUsd(line);
  if (Math.abs(posted.costNanoUsd - owed) <= ROUNDING_NANO_USD) return [];
  return [`${call} was charged ${posted.costNanoUsd} nano-USD and costs ${owed}`];
}

function belowInvoice(usage: UserUsage, invoice: readonly InvoiceLine[]): string[] {
  const lines = invoice.filter((line) => userOf(line) === usage.userId);
  const owed = lines.reduce((sum, line) => sum + owedNanoUsd(line), 0);
  const charged = chargedNanoUsd(usage);
  if (charged >= owed - ROUNDING_NANO_USD * lines.length) return [];
  return [`${usage.userId} was charged ${charged} nano-USD, and the invoice says ${owed}`];
}

export function chargedNanoUsd({ limits }: UserUsage): number {
  const money = limits.find(({ unit }) => unit === 'usd');
  return money === undefined ? Number.NaN : money.used * NANO;
}

export const isHeapJudged = (samples: readonly number[]): boolean =>
  samples.length >= HEAP_SAMPLES_MIN;

/** Compares the last third with the middle third. */
function heapGrowth(samples: readonly number[]): string[] {
  if (!isHeapJudged(samples)) return [];
  const third = Math.floor(samples.length / 3);
  const middle = median(samples.slice(third, 2 * third));
  const last = median(samples.slice(2 * third));
  return last <= middle * HEAP_GROWTH_MAX ? [] : [`the heap grew from ${middle} to ${last} bytes`];
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const callOf = (line: InvoiceLine): string => line.safetyIdentifier ?? '';
const userOf = (line: InvoiceLine): UserName | undefined =>
  USERS.find((user) => callOf(line).startsWith(`${user}/`));

export const owedNanoUsd = (line: InvoiceLine): number =>
  Math.ceil((line.costUsd ?? Number.NaN) * NANO);
