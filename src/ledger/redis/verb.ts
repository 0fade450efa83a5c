import { type Amounts, amountIn, UNITS } from '../amounts.ts';
import type { Lease, Resolution } from '../ledger.ts';
import type { ClaimLayout } from './claim-layout.ts';
import type { Parameter } from './driver.ts';
import { AGAIN, STATUS, VERB } from './script/codes.ts';

const RESOLUTIONS: ReadonlyMap<number, Resolution> = new Map([
  [STATUS.DONE, 'done'],
  [STATUS.REPLAYED, 'replayed'],
  [STATUS.REFUSED, 'refused'],
]);

export const resolutionOf = (status: number): Resolution => RESOLUTIONS.get(status) ?? 'unknown';

/** Whether the reply to a verb includes the values of its accounts. */
const answersValues = (code: number): boolean => code === VERB.RESERVE || code === VERB.READ;

/** One verb of a ledger, in the form that the script takes. */
export interface Verb {
  readonly code: number;
  /** `h` and the id of a hold, `g` and the id of a credit, or nothing. */
  readonly id: string;
  /** Unknown for a hold that another process took. The script reads it from the hold. */
  readonly plan?: ClaimLayout | undefined;
  /** The accounts that the plan is applied to. */
  readonly accounts: readonly string[];
  readonly numbers: readonly number[];
  /** By the monotonic clock; set when the verb is first sent. */
  deadline?: number;
}

/** The reply of the script to a verb. */
export interface VerbReply {
  readonly status: number;
  /** The claims of shadows that would deny a reserve. */
  readonly shadows: readonly number[];
  readonly nowMs: number;
  readonly values: readonly Buffer[];
}

export const leaseNumbers = ({ durationMs, dispatched }: Lease): readonly number[] => [
  durationMs,
  Number(dispatched),
];

/** In the order of `UNITS`, which the script counts from 1. */
export const amountNumbers = (amounts: Amounts): readonly number[] =>
  UNITS.map((unit) => amountIn(amounts, unit));

/** Verbs in the form that the script reads: all accounts and plans once, and one block of numbers
 * for all. */
interface Request {
  readonly accounts: readonly string[];
  readonly parameters: readonly Parameter[];
}

export function requestOf(verbs: readonly Verb[]): Request {
  const accounts = new Map<string, number>();
  const plans = new Map<ClaimLayout, number>();
  const numbers: number[] = [verbs.length];
  const ids: string[] = [];
  for (const { code, id, plan, accounts: own, numbers: rest } of verbs) {
    ids.push(id);
    numbers.push(code, plan === undefined ? 0 : numberOf(plan, plans));
    for (const account of own) numbers.push(numberOf(account, accounts));
    for (const number of rest) numbers.push(number);
  }
  const parameters: Parameter[] = [Buffer.from(new Float64Array(numbers).buffer), ...ids];
  for (const { encoded } of plans.keys()) parameters.push(encoded);
  return { accounts: [...accounts.keys()], parameters };
}

/** Returns the number, from 1, of something that is sent once. */
function numberOf<Key>(key: Key, numbers: Map<Key, number>): number {
  let number = numbers.get(key);
  if (number === undefined) {
    number = numbers.size + 1;
    numbers.set(key, number);
  }
  return number;
}

/** Returns the answers in a reply, or the accounts without which the script did nothing. */
export function answersIn(
  reply: readonly unknown[],
  verbs: readonly Verb[],
): { answers: readonly VerbReply[] } | { needs: readonly string[] } {
  const nowMs = Number(reply[0]);
  if (nowMs === AGAIN) return { needs: reply.slice(1).map(String) };
  let at = 1;
  const answers = verbs.map(({ code, accounts }) => {
    const status = statusIn(reply[at]);
    const end = at + 1 + (answersValues(code) ? accounts.length : 0);
    const values = reply.slice(at + 1, end) as Buffer[];
    at = end;
    return { ...status, nowMs, values };
  });
  return { answers };
}

const NO_SHADOWS: readonly number[] = [];

/** A reserve that is granted and that shadows would deny has a text: its status, then their claims, from 1. */
function statusIn(given: unknown): Pick<VerbReply, 'status' | 'shadows'> {
  if (typeof given === 'number') return { status: given, shadows: NO_SHADOWS };
  const [status = STATUS.UNKNOWN, ...claims] = String(given).split(' ').map(Number);
  return { status, shadows: claims.map((claim) => claim - 1) };
}
