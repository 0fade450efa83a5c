export { type CachedSecret, type CachedSecretOptions, cachedSecret } from './cached-secret.ts';
export {
  awsSecret,
  azureSecret,
  dopplerSecret,
  googleSecret,
  type LoadSecret,
  onePasswordSecret,
  vaultSecret,
} from './loaders.ts';
