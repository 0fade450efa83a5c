import * as z from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
const MUST_BE = 'must be a duration like "90s", "15m", "24h" or "7d"';

/** The schema of `'500ms'`, `'90s'`, `'15m'`, `'24h'`, `'7d'`; at least 1 ms. Its output is milliseconds. */
export const duration = z.string(MUST_BE).transform((text, context) => {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  context.addIssue(MUST_BE);
  return z.NEVER;
});

/** Parses a duration, in milliseconds. `TypeError` names `path`. */
export function parseDurationMs(text: string, path: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new TypeError(`"${path}" ${MUST_BE}`);
}

/** Returns `undefined` for a text that is no duration. */
export function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  return ms >= 1 ? ms : undefined;
}

/** Writes a duration in its largest whole unit, as it is written in options. */
export function shownDuration(ms: number): string {
  const units = Object.entries(UNIT_MS).toReversed();
  const [unit, unitMs] = units.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}
