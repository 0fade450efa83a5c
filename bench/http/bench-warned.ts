import { pinSelf } from '../measure/cores.ts';
import { interleave } from '../measure/interleave.ts';
import type { Results } from '../measure/results.ts';
import type { Settings } from '../measure/settings.ts';
import { contenderOf } from './bench-http.ts';
import { startContender, type Target } from './contender-process.ts';
import { startUpstream } from './upstream.ts';

/** More rounds than other parts have, because the difference is small. */
const TIMES = 4;

const NAMES = ['four limits', 'warned limits'];

/** Measures what `warnAt` on four limits and a fifth limit in shadow add to a call, in one process. */
export async function benchWarned(settings: Settings): Promise<Results> {
  using _ = pinSelf('load');
  using upstream = await startUpstream();
  await using server = await startContender('guard-limits', { upstreamURL: upstream.url });
  const { port, cpu } = server;
  const contenders = NAMES.map((name) => {
    const callers = server.callers.map((headers) => ({ ...headers, 'x-limits': name }));
    const target: Target = { name, port, callers, cpu };
    return contenderOf(target, { upstream, settings }, ['json'], 'warned ');
  });
  return await interleave(contenders, TIMES * settings.rounds);
}
