import cluster from 'node:cluster';
import type { OperatorLog } from '../core/operator-log.ts';
import { PriceTable } from '../openai/prices/prices.ts';
import type { Settings } from '../options/guard-options.ts';
import { idleLimits } from './idle-limits.ts';
import { smallLimits } from './small-limits.ts';
import { unknownModels } from './unknown-models.ts';

/** Where the processes share no file, so that only a store on the network is common to all of them. */
const NETWORK = 'guarded-completion/redis or /postgres';
/** On one machine a file is shared, too. */
const MACHINE = 'guarded-completion/redis, /postgres or, on one machine, /sqlite';

/** Why this process seems to be one of several, and the ledgers that all of them can share. */
export interface SignOfSeveral {
  readonly sign: string;
  readonly ledgers: typeof NETWORK | typeof MACHINE;
}

type Environment = NodeJS.ProcessEnv;

/**
 * What shows that this process is one of several. The values are not secret. Netlify runs on Lambda, and
 * Cloud Functions run on Cloud Run, so they come first.
 */
const SIGNS: readonly [
  sign: string,
  ledgers: SignOfSeveral['ledgers'],
  shows: (environment: Environment) => boolean,
][] = [
  ['node:cluster', MACHINE, () => cluster.isWorker],
  [
    'PM2 with several instances',
    MACHINE,
    ({ NODE_APP_INSTANCE = '0' }) => NODE_APP_INSTANCE !== '0',
  ],
  ['WEB_CONCURRENCY', MACHINE, ({ WEB_CONCURRENCY = '1' }) => Number(WEB_CONCURRENCY) > 1],
  [
    'Netlify',
    NETWORK,
    (it) => isSet(it, 'NETLIFY') || (isSet(it, 'SITE_ID') && isSet(it, 'SITE_NAME')),
  ],
  ['Vercel', NETWORK, (it) => isSet(it, 'VERCEL')],
  ['AWS Lambda', NETWORK, (it) => isSet(it, 'AWS_LAMBDA_FUNCTION_NAME')],
  ['Azure Functions', NETWORK, (it) => isSet(it, 'FUNCTIONS_WORKER_RUNTIME')],
  ['Google Cloud Functions', NETWORK, (it) => isSet(it, 'FUNCTION_TARGET')],
  ['Cloud Run', NETWORK, (it) => isSet(it, 'K_SERVICE')],
];

const isSet = (environment: Environment, name: string): boolean => environment[name] !== undefined;

/** Returns the sign that several processes serve here, or `undefined`. */
export function signOfSeveral(environment: Environment): SignOfSeveral | undefined {
  const found = SIGNS.find(([, , shows]) => shows(environment));
  return found && { sign: found[0], ledgers: found[1] };
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
export function warnOfStart(settings: Settings, log: OperatorLog | undefined): void {
  const { logger } = settings;
  const warn: Warn =
    logger === undefined ? warnOnce : (_code, _what, message) => log?.warn(message);
  warnOfMemoryLedger(settings, warn);
  const table = new PriceTable(settings.prices, new Date(settings.clock.nowMs()));
  warnOfSmallLimits(settings, table, warn);
  for (const [name, message] of unknownModels(settings, table)) {
    warn('GUARD_UNKNOWN_MODEL', name, message);
  }
  for (const [name, message] of idleLimits(settings)) warn('GUARD_IDLE_LIMIT', name, message);
  if (settings.isWeakSecret) warn('GUARD_WEAK_SECRET', '', WEAK_SECRET);
}

const WEAK_SECRET =
  'The option "secret" looks like a placeholder. Anybody who guesses it can make user tokens: set the output of ' +
  '"openssl rand -base64 48", the same in every process.';

/** Where several processes seem to serve, each of them would give out every limit again. */
function warnOfMemoryLedger({ ledger }: Pick<Settings, 'ledger'>, warn: Warn): void {
  const found = ledger.inProcess && signOfSeveral(process.env);
  if (found === undefined) return;
  warn(
    'GUARD_MEMORY_LEDGER',
    '',
    `The ledger is in the memory of this process, which seems to be one of several (${found.sign}): ` +
      'every process would give out each limit again. Use a ledger that they share: ' +
      `${found.ledgers}.`,
  );
}

/** A limit that holds few calls refuses them long before it is used up. */
function warnOfSmallLimits(
  { plans }: Pick<Settings, 'plans'>,
  table: PriceTable,
  warn: Warn,
): void {
  for (const plan of plans.values()) {
    for (const [name, message] of smallLimits(plan, table)) {
      warn('GUARD_SMALL_LIMIT', `${plan.name} ${name}`, message);
    }
  }
}
