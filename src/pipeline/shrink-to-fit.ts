import { amountIn, isMoney, type Unit } from '../ledger/amounts.ts';
import { boundNanoUsd, boundOf } from '../openai/prices/upper-bound.ts';
import type { Authorized } from './states.ts';

/** Below this an answer is mostly cut off, and a clear denial helps the user more. */
const SHRUNK_OUTPUT_TOKENS_MIN = 256;

/** What is left of a limit. */
export interface Room {
  readonly unit: Unit;
  readonly remaining: number;
}

/** Returns the call with another bound of its input. */
export function withInputBound(call: Authorized, inputTokens: number): Authorized {
  return { ...call, bound: boundOf(call.built, call.rateCard, inputTokens) };
}

/** The tokens that one choice may have; 0 where none are written. */
export function outputCapOf({ endpoint, built }: Authorized): number {
  const field = endpoint.outputCap?.field;
  return field === undefined ? 0 : Number(built.body[field]);
}

/**
 * Returns the call as it fits in these rooms: as it is, or with a lower output cap. Without that, the last
 * part of a budget, as large as one full answer, could never be used. `undefined` if it does not fit.
 */
export function shrinkToFit(call: Authorized, rooms: readonly Room[]): Authorized | undefined {
  const { endpoint, built, bound, rateCard } = call;
  if (rooms.every(({ unit, remaining }) => amountIn(bound, unit) <= remaining)) return call;
  const field = endpoint.outputCap?.field;
  if (field === undefined) return undefined;
  const perChoiceTokens = outputCapOf(call);
  const choices = built.outputCapTokens / perChoiceTokens;
  const outputRooms = rooms.map((room) => outputRoom(call, room) / choices);
  const cap = Math.floor(Math.min(perChoiceTokens, ...outputRooms));
  if (!(cap >= SHRUNK_OUTPUT_TOKENS_MIN && cap < perChoiceTokens)) return undefined;
  const body = { ...built.body, [field]: cap };
  const smaller = { ...built, body, outputCapTokens: cap * choices };
  return { ...call, built: smaller, bound: boundOf(smaller, rateCard, bound.inputTokens) };
}

/** Returns how many output tokens fit into what is left of one limit. */
function outputRoom({ built, rateCard, bound }: Authorized, { unit, remaining }: Room): number {
  if (unit === 'outputTokens') return remaining;
  if (unit === 'tokens') return remaining - bound.inputTokens;
  // It does not count output: it fits, or no cap helps.
  if (!isMoney(unit)) return amountIn(bound, unit) <= remaining ? bound.outputTokens : 0;
  // The bound is linear in the output, so the share of the rest is the share of the tokens.
  const inputNanoUsd = boundNanoUsd(built, rateCard, bound.inputTokens, 0);
  const outputNanoUsd = bound.nanoUsd - inputNanoUsd;
  // One less, because both bounds were rounded up.
  return ((remaining - inputNanoUsd - 1) / outputNanoUsd) * bound.outputTokens;
}
