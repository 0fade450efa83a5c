export { accessTokens } from './access-tokens.ts';
export { type AnonymousOptions, anonymous } from './anonymous.ts';
export { anyOf } from './any-of.ts';
export type { Attest } from './attest.ts';
export { authenticate } from './authenticate.ts';
export type { AuthContext, Authenticator, Identity, Scope, User } from './authenticator.ts';
export { bearer } from './bearer.ts';
export { bearerCredential } from './bearer-credential.ts';
