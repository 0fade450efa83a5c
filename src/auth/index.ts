export { accessTokens } from './access-tokens.ts';
export { anyOf } from './any-of.ts';
export { authenticate } from './authenticate.ts';
export type { AuthContext, Authenticator, Identity, Scope, User } from './authenticator.ts';
export { bearer } from './bearer.ts';
export { bearerCredential } from './bearer-credential.ts';
