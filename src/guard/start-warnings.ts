import cluster from 'node:cluster';
import type { OperatorLog } from '../core/operator-log.ts';
import { PriceTable } from '../openai/prices/prices.ts';
import type { Settings } from '../options/guard-options.ts';
import { smallLimits } from './small-limits.ts';

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

/** What this process was warned of. */
const warned = new Set<string>();
const WARNINGS_MAX = 100;

type Warn = (code: string, what: string, message: string) => void;

/** Warns once per process. */
const warnOnce: Warn = (code, what, message) => {
  const key = `${code} ${what}`;
  if (warned.has(key) || warned.size >= WARNINGS_MAX) return;
  warned.add(key);
  process.emitWarning(message, { type: 'GuardWarning', code });
};

/**
 * Warns of what starts, but will disappoint: in the log of a given logger, and otherwise as Node warns.
 * Such a warning is silenced like Node's own, such as `--disable-warning=GUARD_MEMORY_LEDGER`.
 */
export function warnOfStart(
  settings: Pick<Settings, 'ledger' | 'plans' | 'prices' | 'clock' | 'logger'>,
  log: OperatorLog | undefined,
): void {
  const { logger } = settings;
  const warn: Warn =
    logger === undefined ? warnOnce : (_code, _what, message) => log?.warn(message);
  warnOfMemoryLedger(settings, warn);
  warnOfSmallLimits(settings, warn);
}

/** Where several processes seem to serve, each of them would give out every limit again. */
function warnOfMemoryLedger({ ledger }: Pick<Settings, 'ledger'>, warn: Warn): void {
  const sign = ledger.inProcess && signOfSeveral(process.env);
  if (sign === undefined) return;
  warn(
    'GUARD_MEMORY_LEDGER',
    '',
    `The ledger is in the memory of this process, which seems to be one of several (${sign}): ` +
      'every process would give out each limit again. Use a ledger that they share, such as ' +
      'guarded-completion/redis, /postgres or /sqlite.',
  );
}

/** A limit that holds few calls refuses them long before it is used up. */
function warnOfSmallLimits(
  { plans, prices, clock }: Pick<Settings, 'plans' | 'prices' | 'clock'>,
  warn: Warn,
): void {
  const table = new PriceTable(prices, new Date(clock.nowMs()));
  for (const plan of plans.values()) {
    for (const [name, message] of smallLimits(plan, table)) {
      warn('GUARD_SMALL_LIMIT', `${plan.name} ${name}`, message);
    }
  }
}
