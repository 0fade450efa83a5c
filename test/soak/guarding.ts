import { authenticate } from '../../src/auth/authenticate.ts';
import {
  createGuardedCompletion,
  type Guard,
  type GuardOptions,
  type GuardRequest,
} from '../../src/index.ts';

export const MODEL = 'gpt-5-mini';
const MOST_OUTPUT_TOKENS = 40;

/**
 * Money is counted over longer than any run. Because of this limit, no call is served without the
 * store.
 */
const spending = (usd: number) => ({ usd, per: '24h' }) as const;
const plans = {
  small: {
    models: [MODEL],
    maxOutputTokens: MOST_OUTPUT_TOKENS,
    limits: [{ requests: 300, per: 'minute' }, { concurrent: 2 }, spending(50)],
  },
  large: {
    models: [MODEL],
    maxOutputTokens: MOST_OUTPUT_TOKENS,
    limits: [{ tokens: 5_000_000, per: 'hour' }, { concurrent: 3 }, spending(50)],
  },
} as const;

/** The users that call. The first letter decides the plan. */
export const USERS = ['ada', 'bob', 'cyd', 'dee', 'eve', 'fay'] as const;
export type UserName = (typeof USERS)[number];
const planOf = (id: string) => (id < 'd' ? 'small' : 'large');

/**
 * The guard of every process of a run. The invoice of the upstream names each call by its claim
 * `call`.
 */
export function soakGuard(
  options: Pick<GuardOptions, 'apiKey' | 'baseURL' | 'ledger' | 'clock'>,
): Guard {
  return createGuardedCompletion({
    ...options,
    secret: 'the secret of a soak, of more than 32 bytes',
    plans,
    limits: [{ concurrent: 12 }, { usd: 200, per: 'month' }],
    planOf: ({ id }) => planOf(id),
    auth: authenticate((request: GuardRequest) => ({
      id: request.header('x-user') ?? '',
      claims: { call: request.header('x-call') },
    })),
    endUserId: ({ claims }) => String(claims?.['call']),
    timeouts: { headers: '2s', idle: '1s' },
  });
}
