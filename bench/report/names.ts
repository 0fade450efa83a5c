/** The contenders' names in tables and plots. */
export const CONTENDERS: Readonly<Partial<Record<string, string>>> = {
  raw: 'raw: node:http and undici `dispatch`, nothing in between',
  'guard-node': 'guard on node:http',
  'guard-express': 'guard on Express',
  'guard-redis': 'guard on node:http, Redis ledger',
  'four limits': 'guard on node:http, four limits',
  'warned limits': 'the same with `warnAt`, and a fifth limit in shadow',
  naive: 'Express, official SDK, express-rate-limit',
  portkey: '`@portkey-ai/gateway`',
  direct: 'the stand-in for OpenAI itself',
  sdk: 'official SDK',
  'guard-client': '`guard.client(user)`',
  'guard-client-fetch': '`guard.client(user)`, guard with `fetch`',
  plain: 'one plain write',
  'plain, one row of all': 'one plain write, always to the same row',
  union: 'union of five limiters (rate-limiter-flexible)',
  'in process': 'reserve + settle as the guard calls it: no promises, claims reused',
  current: 'reserve + settle',
  'current, global': 'reserve + settle, with the global limit',
  baseline: 'baseline: reserve + settle',
  'baseline, global': 'baseline: reserve + settle, with the global limit',
};

/** Each load's title, and the contender that the others are compared with. */
const LOADS: readonly (readonly [RegExp, (inFlight: string) => string, string])[] = [
  [/^json$/, () => 'JSON responses alone, 64 connections', 'raw'],
  [/^streams$/, () => 'Streams alone, 64 connections', 'raw'],
  [/^mixed json$/, () => 'Both kinds in one process: JSON responses', 'raw'],
  [/^mixed streams$/, () => 'Both kinds in one process: streams', 'raw'],
  [/^warned json$/, () => 'Warnings and a shadow: JSON responses', 'four limits'],
  [/^sdk$/, () => 'In process over loopback, 16 calls in flight', 'sdk'],
  [/^memory (\d+)$/, () => 'Memory, six limits, one call in flight', 'baseline'],
  [
    /^sqlite (\d+)$/,
    (inFlight) => `SQLite (WAL, normal), five limits, ${inFlight} in flight`,
    'baseline',
  ],
  [/^redis (\d+)$/, (inFlight) => `Redis, five limits, ${inFlight} in flight`, 'baseline'],
  [
    /^postgres (\d+)$/,
    (inFlight) => `Postgres (fsync), five limits, ${inFlight} in flight`,
    'baseline',
  ],
];

export function loadOf(load: string): { readonly title: string; readonly reference: string } {
  for (const [pattern, titleOf, reference] of LOADS) {
    const found = pattern.exec(load);
    if (found) return { title: titleOf(found[1] ?? ''), reference };
  }
  return { title: load, reference: '' };
}
