import type { Profiler } from 'node:inspector';
import { pinSelf } from '../measure/cores.ts';
import type { Figures, Results } from '../measure/results.ts';
import type { Settings } from '../measure/settings.ts';
import { redisStore } from '../stores/redis.ts';
import { type ContenderName, startContender } from './contender-process.ts';
import { partOf, samplesBy, sharesOf } from './profile-parts.ts';
import { askFor, rateOf } from './rates.ts';
import { startUpstream } from './upstream.ts';
import type { Kind } from './workload.ts';

/** Returns the main thread's CPU time for a JSON response, by part of the program, in µs. */
export async function benchProfile(settings: Settings): Promise<Results> {
  const where: [string, Record<string, readonly number[]>][] = [];
  for (const name of ['raw', 'guard-node'] as const) {
    const { profile, figures } = await profileOf(name, 'json', settings);
    const parts = sharesOf(samplesBy(profile, partOf), figures['mainUs'] ?? Number.NaN);
    where.push([name, Object.fromEntries(parts.map(([part, us]) => [part, [us]]))]);
  }
  return { where: Object.fromEntries(where) };
}

/** Warms a contender up, then samples its main thread under load. */
export async function profileOf(
  name: ContenderName,
  kind: Kind,
  { warmCalls, profileMs }: Settings,
): Promise<{ profile: Profiler.Profile; figures: Figures }> {
  await using redis = name === 'guard-redis' ? await redisStore.start() : undefined;
  using _ = pinSelf('load');
  using upstream = await startUpstream();
  const around = { upstreamURL: upstream.url, redisPort: redis?.port };
  await using contender = await startContender(name, around);
  await askFor(contender, upstream, kind, warmCalls);
  const load = () => rateOf(contender, upstream, kind, profileMs);
  const { profile, result } = await contender.profile(load);
  return { profile, figures: result };
}
