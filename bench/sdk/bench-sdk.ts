import { startUpstream } from '../http/upstream.ts';
import { pinSelf } from '../measure/cores.ts';
import { type Contender, interleave } from '../measure/interleave.ts';
import type { Results } from '../measure/results.ts';
import type { Settings } from '../measure/settings.ts';
import { startWorker } from '../measure/worker-process.ts';
import type { SdkName, SdkWork } from './sdk-worker.ts';

const NAMES: readonly SdkName[] = ['sdk', 'guard-client', 'guard-client-fetch'];
const IN_FLIGHT = 16;
const SCRIPT = new URL('sdk-worker.ts', import.meta.url);

/** Measures the official SDK in process, with and without a guard, calling an HTTP server on loopback. */
export async function benchSdk(settings: Settings): Promise<Results> {
  using _ = pinSelf('load');
  using upstream = await startUpstream();
  await using workers = new AsyncDisposableStack();
  const contenders: Contender[] = [];
  for (const name of NAMES) {
    const work: SdkWork = { name, baseURL: `${upstream.url}/v1` };
    const worker = workers.use(await startWorker(SCRIPT, work, 'contender'));
    contenders.push({
      name,
      warm: () => worker.calls(settings.warmCalls, IN_FLIGHT),
      measure: async () => ({ sdk: (await worker.slice(settings.sliceMs, IN_FLIGHT)).figures }),
    });
  }
  return await interleave(contenders, settings.rounds);
}
