export { AuthenticationUnavailableError } from '../core/errors.ts';
export type { User } from '../core/user.ts';
export type { Identity, Scope } from '../plans/plan.ts';
export { type Attestation, allOf } from './all-of.ts';
export { type AnonymousOptions, anonymous } from './anonymous.ts';
export { anyOf } from './any-of.ts';
export { authenticate, type HostedRequest } from './authenticate.ts';
export type { AuthContext, Authenticator } from './authenticator.ts';
export { bearer } from './bearer.ts';
export { bearerCredential } from './bearer-credential.ts';
export { type JwtOptions, jwt } from './jwt/jwt.ts';
export type { KeySetJson, KeysAt } from './jwt/key-set.ts';
export type { ProviderOptions } from './jwt/provider-users.ts';
export type { Claims } from './jwt/read-jwt.ts';
export type { JwtAlgorithm } from './jwt/signatures.ts';
export {
  type AppleSignInOptions,
  appleSignIn,
  type NonceCheck,
} from './providers/apple-sign-in.ts';
export { type Auth0Options, auth0 } from './providers/auth0.ts';
export { type BetterAuthOptions, betterAuth } from './providers/better-auth.ts';
export { type ClerkAuthOptions, clerkAuth } from './providers/clerk-auth.ts';
export { type CognitoOptions, cognito } from './providers/cognito.ts';
export { type FirebaseAppCheckOptions, firebaseAppCheck } from './providers/firebase-app-check.ts';
export { type FirebaseAuthOptions, firebaseAuth } from './providers/firebase-auth.ts';
export { type OidcOptions, oidc } from './providers/oidc.ts';
export { type SupabaseAuthOptions, supabaseAuth } from './providers/supabase-auth.ts';
export { userTokens } from './user-tokens.ts';
