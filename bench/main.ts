import { runAlone } from './alone-process.ts';
import { type Contender, type ContenderName, startContender } from './contender-process.ts';
import { pinLoad } from './cores.ts';
import { printContenders } from './print-contenders.ts';
import { type Durations, measureRounds, type Round } from './rounds.ts';
import { printTargets, targetsOf } from './targets.ts';
import { startUpstream } from './upstream.ts';

/** `npm run bench`: about three and a half minutes; with `-- --quick` 45 seconds, to see that it works. */
const CONTENDERS: readonly ContenderName[] = [
  'raw',
  'guard-node',
  'guard-express',
  'guard-redis',
  'naive',
  'portkey',
];
const WHOLE = { rounds: 7, warmMs: 3_500, requestsMs: 1_500, framesMs: 1_200, latencyMs: 350 };
const QUICK = { rounds: 5, warmMs: 400, requestsMs: 300, framesMs: 300, latencyMs: 80 };

const isQuick = process.argv.includes('--quick');
if (!pinLoad()) console.log('Cores cannot be assigned here: load and contender share them.\n');
const alone = await runAlone(isQuick);
const rounds = await measureAll(isQuick ? QUICK : WHOLE);
printContenders(rounds);
console.log();
printTargets(targetsOf(rounds, alone));

async function measureAll(settings: Durations & { rounds: number }): Promise<readonly Round[]> {
  const upstream = await startUpstream();
  const contenders: Contender[] = [];
  try {
    for (const name of CONTENDERS) contenders.push(await startContender(name, upstream.port));
    return await measureRounds(contenders, upstream, settings.rounds, settings);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
    upstream.close();
  }
}
