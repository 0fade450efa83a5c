import { z } from 'zod';
import type { Authenticator } from '../auth/authenticator.ts';
import { objectWith } from '../base/option-schema.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';

export const authenticator = objectWith<Authenticator>(
  ['authenticate'],
  'must be an authenticator, such as userTokens()',
);

/** Limits as they are written; `parseLimits` reads them, and names the one that is wrong. */
export const limitSpecs = z.custom<readonly LimitSpec[]>(Array.isArray, 'must be a list of limits');
