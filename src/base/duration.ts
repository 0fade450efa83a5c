const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;

/** Parses `'500ms'`, `'90s'`, `'15m'`, `'24h'`, `'7d'`; at least 1 ms. `TypeError` names `path`. */
export function parseDurationMs(text: string, path: string): number {
  const match = DURATION.exec(text);
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  if (ms >= 1) return ms;
  throw new TypeError(`"${path}" must be a duration like "90s", "15m", "24h" or "7d"`);
}
