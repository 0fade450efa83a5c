import { toNodeHandler } from '../../../src/http/node.ts';
import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import type { LimitSpec } from '../../../src/plans/limit-spec.ts';
import { benchCallers, benchGuard } from './bench-guard.ts';
import { contend, listen } from './contender.ts';

/** None is ever reached. */
const FOUR = [
  { requests: 1_000_000_000, per: '24h' },
  { requests: 10_000_000_000, per: 'month' },
  { tokens: 1_000_000_000_000, per: 'month' },
  { usd: 1_000_000, per: 'month' },
] as const satisfies readonly LimitSpec[];

/** By the header `x-limits`. */
const LIMITS: Readonly<Record<string, readonly LimitSpec[]>> = {
  'four limits': FOUR,
  'warned limits': [
    ...FOUR.map((limit) => ({ ...limit, warnAt: [0.5, 0.8, 1] })),
    { usd: 100_000, per: 'day', enforce: false },
  ],
};

// Both are in one process, since two processes that do the same differ by more than what is measured.
await contend(async ({ upstreamURL }) => {
  // It knows the tokens of both.
  const ledger = memoryLedger();
  const guards = Object.entries(LIMITS).map(([name, limits]) => {
    const guard = benchGuard({ baseURL: `${upstreamURL}/v1`, ledger }, limits);
    return { name, guard, serve: toNodeHandler(guard, { prefix: '/v1' }) };
  });
  const port = await listen((request, response) => {
    const named = guards.find(({ name }) => name === request.headers['x-limits']);
    return named?.serve(request, response);
  });
  const [first] = guards;
  return { port, callers: first === undefined ? [] : await benchCallers(first.guard) };
});
