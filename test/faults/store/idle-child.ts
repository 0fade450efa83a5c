import { createGuardedCompletion } from '../../../src/index.ts';
import { faultyStore } from './faulty-store.ts';

/** Calls until its hanging store counts as failing, and then has nothing more to do. */
const ledger = faultyStore();
ledger.fault = 'silent';
const guard = createGuardedCompletion({
  apiKey: 'sk-none',
  secret: 'a secret of at least thirty-two bytes',
  plans: { free: { models: ['*'] } },
  ledger,
});
let state = 'well';
guard.on('degraded', () => {
  state = 'degraded';
});
let status = 0;
while (state === 'well') {
  ({ status } = await guard.fetchAs('ada')('http://guard.test/v1/models'));
}
process.stdout.write(`${status} ${state}\n`);
