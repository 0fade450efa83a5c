import { pinSelf } from '../measure/cores.ts';
import { type Contender, interleave } from '../measure/interleave.ts';
import type { Figures, Results } from '../measure/results.ts';
import type { Settings } from '../measure/settings.ts';
import { redisStore } from '../stores/redis.ts';
import { type ContenderName, startContender, type Target } from './contender-process.ts';
import { answerMs, askFor, firstByteMs, rateOf } from './rates.ts';
import { startUpstream, type Upstream } from './upstream.ts';
import type { Kind } from './workload.ts';

/** Contenders that are compared with each other, and what each of their processes serves. */
interface Group {
  readonly names: readonly ContenderName[];
  readonly kinds: readonly Kind[];
  /** Precedes the kind in the name of a load. */
  readonly prefix: '' | 'mixed ' | 'warned ';
}

const GROUPS: readonly Group[] = [
  {
    names: ['raw', 'guard-node', 'guard-express', 'guard-redis', 'naive', 'portkey'],
    kinds: ['json'],
    prefix: '',
  },
  // Portkey 1.15 returns 500 for every stream: it sets headers on an immutable `fetch` response.
  { names: ['raw', 'guard-node', 'guard-express', 'naive'], kinds: ['streams'], prefix: '' },
  { names: ['raw', 'guard-node'], kinds: ['json', 'streams'], prefix: 'mixed ' },
];

/**
 * Measures every way to put OpenAI behind a server, alone on one core, with the load on another. First JSON
 * responses and streams, each in processes that serve nothing else, then both in the same processes.
 */
export async function benchHttp(settings: Settings): Promise<Results> {
  await using redis = await redisStore.start();
  using _ = pinSelf('load');
  let results: Results = {};
  for (const group of GROUPS) {
    results = { ...results, ...(await benchGroup(group, redis?.port, settings)) };
  }
  return results;
}

async function benchGroup(
  { names, kinds, prefix }: Group,
  redisPort: number | undefined,
  settings: Settings,
): Promise<Results> {
  using upstream = await startUpstream();
  await using processes = new AsyncDisposableStack();
  const bench = { upstream, settings };
  const contenders: Contender[] = prefix === '' && kinds[0] === 'json' ? [direct(bench)] : [];
  for (const name of names) {
    if (name === 'guard-redis' && redisPort === undefined) continue;
    const around = { upstreamURL: upstream.url, redisPort };
    const target = processes.use(await startContender(name, around));
    contenders.push(contenderOf(target, bench, kinds, prefix));
  }
  return await interleave(contenders, settings.rounds);
}

interface Bench {
  readonly upstream: Upstream;
  readonly settings: Settings;
}

export function contenderOf(
  target: Target,
  bench: Bench,
  kinds: readonly Kind[],
  prefix: Group['prefix'],
): Contender {
  return {
    name: target.name,
    async warm() {
      for (const kind of kinds) {
        await askFor(target, bench.upstream, kind, bench.settings.warmCalls);
      }
    },
    async measure() {
      const loads: [string, Figures][] = [];
      for (const kind of kinds) loads.push([prefix + kind, await measure(target, bench, kind)]);
      return Object.fromEntries(loads);
    },
  };
}

async function measure(target: Target, bench: Bench, kind: Kind): Promise<Figures> {
  const { upstream, settings } = bench;
  const rate = await rateOf(target, upstream, kind, settings.sliceMs);
  return kind === 'json'
    ? { ...rate, p50Ms: await answerMs(target, settings.latencyMs) }
    : { ...rate, firstByteMs: await firstByteMs(target, upstream, settings.latencyMs) };
}

/** The stand-in for OpenAI itself, on one connection. */
function direct({ upstream, settings }: Bench): Contender {
  const cpu = async () => ({ mainUs: 0, allUs: 0 });
  const target = { name: 'direct', port: upstream.port, callers: [], cpu };
  return {
    name: target.name,
    warm: async () => {},
    measure: async () => ({ json: { p50Ms: await answerMs(target, settings.latencyMs) } }),
  };
}
