import * as z from 'zod';
import type { OptionalOptions, RequiredOptions } from '../../base/option-schema.ts';
import type { Authenticator } from '../authenticator.ts';
import { subjectOf } from '../jwt/jwt-users.ts';
import {
  oneOrMore,
  type ProviderOptions,
  parseProvider,
  providerUsers,
  text,
} from '../jwt/provider-users.ts';

const cognitoShape = {
  /** The region of the user pool, such as `'eu-central-1'`. */
  region: text.regex(/^[a-z0-9-]+$/, 'must be a region like "eu-central-1"'),
  /** The id of the user pool, such as `'eu-central-1_AbCdEfGhI'`. */
  userPoolId: text.regex(/^[\w-]+_[A-Za-z0-9]+$/, 'must be like "eu-central-1_AbCdEfGhI"'),
  /** The app client that users sign in with, or several of them. */
  clientId: oneOrMore,
  /** The kind of token that your app sends. The other kind is rejected. */
  tokenUse: z.enum(['access', 'id'], { error: 'must be "access" or "id"' }),
};

/** The options of `cognito`. */
export interface CognitoOptions
  extends ProviderOptions,
    RequiredOptions<typeof cognitoShape>,
    OptionalOptions<typeof cognitoShape> {}

/**
 * Accepts the tokens of one kind that a Cognito user pool issued to your app's client. An access token
 * names the client in `client_id`, an ID token in `aud`. `cognito:groups` is on `user.claims`. Rules as
 * in aws-jwt-verify `src/cognito-verifier.ts`, 2026-11.
 *
 * @example
 * ```ts
 * const auth = cognito({
 *   region: 'eu-central-1',
 *   userPoolId: 'eu-central-1_AbCdEfGhI',
 *   clientId: '6kq2p9v1n3m5b7c8x0z4l2j1hg',
 *   tokenUse: 'access',
 * });
 * ```
 */
export function cognito(options: CognitoOptions): Authenticator {
  const parsed = parseProvider('cognito', cognitoShape, options);
  const { region, userPoolId, clientId, tokenUse } = parsed;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const issuer = `https://cognito-idp.${region}.${domain}/${userPoolId}`;
  const ofAccess = tokenUse === 'access';
  return providerUsers('cognito', parsed, {
    issuer,
    audience: ofAccess ? undefined : clientId,
    algorithms: ['RS256'],
    keys: `${issuer}/.well-known/jwks.json`,
    requiredClaims: ['iat'],
    user(claims) {
      const ofClient = !ofAccess || clientId.includes(String(claims['client_id']));
      return ofClient && claims['token_use'] === tokenUse ? subjectOf(claims) : undefined;
    },
  });
}
