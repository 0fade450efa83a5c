import {
  createGuardedCompletion,
  type Guard,
} from '../../../src/guard/create-guarded-completion.ts';
import type { GuardOptions } from '../../../src/options/guard-options.ts';
import type { LimitSpec } from '../../../src/plans/limit-spec.ts';
import { CONNECTIONS } from '../workload.ts';

const SECRET = 'a secret of the benchmark alone, 32 bytes or more';

/** The limits of a small app: a rate, a daily quota, tokens and money per month. None is ever reached. */
const SMALL_APP: readonly LimitSpec[] = [
  { requests: 60_000_000, per: 'minute', burst: 1_000_000 },
  { requests: 1_000_000_000, per: '24h' },
  { tokens: 1_000_000_000_000, per: 'month' },
  { usd: 1_000_000, per: 'month' },
];

/** Returns a guard with these limits, by default those of a small app. */
export function benchGuard(
  options: Pick<GuardOptions, 'baseURL' | 'bounds' | 'fetch' | 'ledger' | 'timeouts'>,
  limits = SMALL_APP,
): Guard {
  const guard = createGuardedCompletion({
    apiKey: 'sk-example',
    secret: SECRET,
    plans: {
      pro: { models: ['gpt-5*'], limits },
    },
    ...options,
  });
  guard.on('failed', ({ source: what, error }) => console.error(what, error));
  return guard;
}

/** One user with a user token for each connection. */
export async function benchCallers(guard: Guard): Promise<{ authorization: string }[]> {
  const users = Array.from({ length: CONNECTIONS }, (_, index) => `user-${index}`);
  const tokens = await Promise.all(users.map((user) => guard.tokens.issue({ user })));
  return tokens.map(({ value }) => ({ authorization: `Bearer ${value}` }));
}
