import { memoryLedger } from '../../../src/ledger/memory/memory-ledger.ts';
import { type Choices, choices } from '../../soak/random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { delayedLedger } from './delayed-ledger.ts';
import { exponential, logNormal } from './distributions.ts';
import type { Placement, Scenario, SimulatedUser } from './scenario.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulatedUpstream } from './simulated-upstream.ts';
import { type Report, Tally } from './tally.ts';

const MINUTE_MS = 60_000;
const TOKENS_MIN = 20;
/** Of 20 users, the first who are in the second, the third and the fourth process. */
const SKEW = [14, 17, 19];

/**
 * Runs users against processes with one shared ledger and one upstream, on virtual time. The queue, the
 * places, the capacity and the ledger are the real ones. The same seed gives the same report.
 */
export async function simulate(scenario: Scenario, seed: number): Promise<Report> {
  const time = new VirtualTime();
  const random = choices(seed);
  const tally = new Tally(scenario, time);
  const { roundTripMs, rpm, tpm, drained } = scenario;
  const ledger = delayedLedger(memoryLedger({ clock: time }), { time, random, roundTripMs });
  const upstream = new SimulatedUpstream(scenario, time, random);
  const given = drained === undefined ? {} : { rpm, tpm };
  const processes = Array.from({ length: scenario.processes }, (_, at) => {
    return new SimulatedProcess({ name: `${at}`, time, random, ledger, upstream, tally, given });
  });
  scenario.users.forEach((user, at) => {
    const place = () => placeOf(user, at, scenario, random);
    keepCalling(user, scenario.estimateFactor, time, random, (call) => {
      void processes[place()]?.run(call);
    });
  });
  await time.advance(scenario.minutes * MINUTE_MS);
  return tally.report();
}

type OnCall = (call: Parameters<SimulatedProcess['run']>[0]) => void;

/** Makes calls of a user, at random times. */
function keepCalling(
  user: SimulatedUser,
  estimateFactor: number,
  time: VirtualTime,
  random: Choices,
  onCall: OnCall,
): void {
  time.schedule(exponential(random, MINUTE_MS / user.callsPerMinute), () => {
    const tokens = Math.max(TOKENS_MIN, Math.round(logNormal(random, user.meanTokens)));
    onCall({ user, tokens, estimate: Math.max(1, Math.round(tokens * estimateFactor)) });
    keepCalling(user, estimateFactor, time, random, onCall);
  });
}

function placeOf(
  user: SimulatedUser,
  at: number,
  { processes, placement }: { processes: number; placement: Placement },
  random: Choices,
): number {
  if (placement === 'spread' || user.kind === 'heavy') return random.between(0, processes - 1);
  if (placement === 'mixed') return at % processes;
  return Math.min(SKEW.filter((first) => at >= first).length, processes - 1);
}
