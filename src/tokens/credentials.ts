import type { AuthContext } from '../auth/authenticator.ts';
import type { Clock } from '../base/clock.ts';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { GroupKinds } from '../groups/group-kinds.ts';
import type { Records } from '../ledger/records.ts';
import { NamedPlans } from '../plans/named-plans.ts';
import type { Plan } from '../plans/plan.ts';
import type { UserStates } from '../users/user-states.ts';
import { TokenVerifier } from './token-verifier.ts';
import { createTokens, type TokenSettings } from './tokens.ts';

export type Credentials = ReturnType<typeof createCredentials>;

/** Issues, verifies and revokes user tokens. */
export function createCredentials(
  settings: {
    readonly keys: DerivedKeys;
    readonly clock: Clock;
    readonly tokens: TokenSettings;
    readonly plans: ReadonlyMap<string, Plan>;
    readonly groups: GroupKinds;
  },
  records: Records,
  states: UserStates,
) {
  const { keys, clock } = settings;
  const parts = { records, states, keys, clock };
  const verifier = new TokenVerifier(parts);
  const context: AuthContext = {
    verifyUserToken: (value) => verifier.verify(value),
    pseudonymOf: (text) => hmac(keys.pseudonym, text).toString('base64url'),
  };
  return {
    verifier,
    context,
    tokens: createTokens(parts, settings.tokens, new NamedPlans(settings.plans), settings.groups),
  };
}
