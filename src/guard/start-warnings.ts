import cluster from 'node:cluster';
import type { Settings } from '../options/guard-options.ts';

/** What shows that this process is one of several. The values are not secret. */
const SIGNS: readonly [sign: string, shows: (environment: NodeJS.ProcessEnv) => boolean][] = [
  ['node:cluster', () => cluster.isWorker],
  ['PM2 with several instances', ({ NODE_APP_INSTANCE = '0' }) => NODE_APP_INSTANCE !== '0'],
  ['WEB_CONCURRENCY', ({ WEB_CONCURRENCY = '1' }) => Number(WEB_CONCURRENCY) > 1],
  ['AWS Lambda', ({ AWS_LAMBDA_FUNCTION_NAME }) => AWS_LAMBDA_FUNCTION_NAME !== undefined],
  ['Vercel', ({ VERCEL }) => VERCEL !== undefined],
  ['Cloud Run', ({ K_SERVICE }) => K_SERVICE !== undefined],
];

/** Returns the sign that several processes serve here, or `undefined`. */
export function signOfSeveral(environment: NodeJS.ProcessEnv): string | undefined {
  return SIGNS.find(([, shows]) => shows(environment))?.[0];
}

let warned = false;

/**
 * Warns of a ledger in memory where several processes seem to serve, because each of them would give out
 * every limit again. Warns once per process. Silenced like Node's own warnings:
 * `--disable-warning=GUARD_MEMORY_LEDGER`.
 */
export function warnOfStart({ ledger }: Pick<Settings, 'ledger'>): void {
  if (warned || !ledger.inProcess) return;
  const sign = signOfSeveral(process.env);
  if (sign === undefined) return;
  warned = true;
  process.emitWarning(
    `The ledger is in the memory of this process, which seems to be one of several (${sign}): ` +
      'every process would give out each limit again. Use a ledger that they share, such as ' +
      'guarded-completion/redis, /postgres or /sqlite.',
    { type: 'GuardWarning', code: 'GUARD_MEMORY_LEDGER' },
  );
}
