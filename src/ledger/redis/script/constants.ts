import { UNITS } from '../../amounts.ts';
import { AGAIN, STATUS, VERB } from './codes.ts';
import { KEPT_MS_MAX, SLOT_WIDTHS } from './layout.ts';

/** The values of the words in capitals in the scripts. README.md describes what is stored where. */
const CONSTANTS: Readonly<Record<string, number>> = {
  ...VERB,
  ...STATUS,
  AGAIN,

  // Places in KEYS and in ARGV.
  HOLDS: 1,
  LEASES: 2,
  ENDED: 3,
  FIRST_ACCOUNT: 6,
  NUMBERS: 4,

  // Kinds of slots. A concurrent one is what remains.
  ROLLING: 1,
  CALENDAR: 2,
  RATE: 3,
  BALANCE: 5,

  // An account: kept until, era, then its slots.
  KEPT_UNTIL: 1,
  ERA: 2,
  FIRST_SLOT: 3,
  // Places in a slot. All but a rate begin with what is held.
  NEWEST: 1,
  START: 1,
  USED: 2,
  CURRENT: 3,
  DEBT: 0,
  AS_OF: 1,
  SPENT: 1,
  /** In place of the window of a shadow rate: it would have denied the call. */
  TOOK_NOTHING: 1,

  // A claim of a plan: how many numbers it has, and their places.
  CLAIM: 8,
  ACCOUNT: 1,
  UNIT: 2,
  KIND: 3,
  CREDITS: 4,
  PLACE: 5,
  WINDOW: 6,
  FROM: 6,
  UNTIL: 7,
  NEXT: 8,
  AMOUNT: 6,
  PERIOD: 7,

  // A hold: its places, and its phases; below CHARGED it lives.
  DUE: 1,
  PHASE: 2,
  KEPT: 3,
  AMOUNTS: 3,
  WINDOWS: 3 + UNITS.length,
  UNITS: UNITS.length,
  DISPATCHED: 1,
  CHARGED: 2,
  FREED: 3,

  /** A rolling window is counted in so many full buckets, and the one that runs. */
  BUCKETS: 24,
  /** Doubles count exactly up to here. */
  EXACT: Number.MAX_SAFE_INTEGER,
  HOUR_MS: 3_600_000,
  /** How long an account is kept beyond a hold that was renewed, and ended ids in an idle namespace. */
  KEPT_MS: 172_800_000,
  KEPT_MS_MAX,
  /** Leases that one script ends, at most. */
  PAGE: 100,
};

/** Local names for functions that scripts use, so that they are not looked up each time. */
const IMPORTS = `
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max
local byte, sub, rep, concat = string.byte, string.sub, string.rep, table.concat
local pack, read, call = struct.pack, struct.unpack, redis.call
local WIDTHS = { ${SLOT_WIDTHS.join(', ')} }
`;

/** Returns a script of these parts, with numbers in place of constants. */
export function assembled(parts: readonly string[]): string {
  const text = [IMPORTS, ...parts].join('');
  return text.replace(/\b[A-Z][A-Z_]+\b/g, (word) => String(CONSTANTS[word] ?? word));
}
