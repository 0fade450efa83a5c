import cluster from 'node:cluster';
import { createGuardedCompletion, memoryLedger } from '../../../src/index.ts';
import { faultyStore } from './faulty-store.ts';

/** Starts two guards, in a cluster worker on request, and prints each warning. */
const [ledger, asWorker, limit] = process.argv.slice(2);
const small = { models: ['gpt-5-mini'], limits: [{ tokens: 5_000, per: 'day' }] } as const;

if (asWorker === 'worker' && cluster.isPrimary) {
  cluster.fork();
} else {
  process.on('warning', ({ code, message }: Error & { code?: string }) => {
    process.stdout.write(`${code}: ${message}\n`);
  });
  for (let guards = 0; guards < 2; guards += 1) {
    createGuardedCompletion({
      apiKey: 'sk-none',
      secret: 'a secret of at least thirty-two bytes',
      plans: { free: limit === 'small' ? small : { models: ['*'] } },
      ledger: ledger === 'memory' ? memoryLedger() : faultyStore(),
    });
  }
  setImmediate(() => process.exit());
}
