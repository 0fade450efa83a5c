export { AuthenticationUnavailableError } from '../errors.ts';
export { accessTokens } from './access-tokens.ts';
export { allOf } from './all-of.ts';
export { type AnonymousOptions, anonymous } from './anonymous.ts';
export { anyOf } from './any-of.ts';
export type { Attest } from './attest.ts';
export { authenticate } from './authenticate.ts';
export type { AuthContext, Authenticator, Identity, Scope, User } from './authenticator.ts';
export { bearer } from './bearer.ts';
export { bearerCredential } from './bearer-credential.ts';
export { type JwtOptions, jwt } from './jwt.ts';
export type { KeysAt } from './key-set.ts';
export type { ProviderOptions } from './provider-users.ts';
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
export type { Claims } from './read-jwt.ts';
export type { JwtAlgorithm } from './signatures.ts';
