/**
 * `npm run soak -- --seconds 60 --seed 1` runs random calls with random faults. It exits with 0
 * only if everything held.
 */
import { parseArgs } from 'node:util';
import { startStores } from '../faults/killed/stores.ts';
import { run } from './run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (!(seconds > 0 && Number.isSafeInteger(seed))) {
  throw new TypeError('"--seconds" must be above 0, and "--seed" an integer');
}
console.log(`soak of ${seconds} s: repeat it with --seed ${seed}`);

await using stores = await startStores();
const { redis, sqlite } = stores.fresh;
const shares = [
  { fresh: redis, share: 2 / 3 },
  { fresh: sqlite, share: 1 / 3 },
];
for (const { fresh, share } of shares) {
  if (fresh === undefined) continue;
  const faults = await run({ place: fresh(), seconds: seconds * share, seed });
  for (const fault of faults) console.error(`FAULT: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}
