import type { AuthContext } from '../auth/authenticator.ts';
import type { Clock } from '../base/clock.ts';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { Records } from '../ledger/records.ts';
import type { UserStates } from '../users/user-states.ts';
import { createMint, type Mint } from './mint-token.ts';
import { createTokenForm } from './token-form.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';
import { createTokens, type TokenSettings, type Tokens } from './tokens.ts';

/** All that makes, knows and ends temporary keys. */
export interface Credentials {
  readonly mint: Mint;
  readonly tokens: Tokens;
  readonly verifier: TokenVerifier;
  readonly context: AuthContext;
}

export function createCredentials(
  settings: {
    readonly keys: DerivedKeys;
    readonly clock: Clock;
    readonly tokens: TokenSettings;
  },
  records: Records,
  states: UserStates,
): Credentials {
  const { keys, clock } = settings;
  const form = createTokenForm(keys);
  const mint = createMint(records, form);
  const verifier = createTokenVerifier(records, states, form, clock);
  return {
    mint,
    verifier,
    tokens: createTokens(mint, records, states, clock, settings.tokens),
    context: {
      verifyAccessToken: verifier.verify,
      pseudonymOf: (text) => hmac(keys.pseudonym, text).toString('base64url'),
    },
  };
}
