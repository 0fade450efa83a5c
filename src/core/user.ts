import * as z from 'zod';
import { parseOrThrow } from '../base/parse-or-throw.ts';

/** A user, identified by a verified credential or by server code. */
export interface User {
  /** Stable and unique in the app. 1 to 256 characters, no control characters. */
  readonly id: string;
  /** The name of their plan, where the credential has one; `planOf` takes precedence. */
  readonly plan?: string;
  /** True for a user who has not signed in. Default false. */
  readonly anonymous?: boolean;
  /** The other claims of the credential. Never use claims that users can write themselves. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const USER_ID_LENGTH_MAX = 256;

export const userShape = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(USER_ID_LENGTH_MAX)
    // Control characters could forge log lines and confuse stores. Lone surrogates have no UTF-8.
    .refine((id) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(id), 'must not contain control characters'),
  plan: z.string().min(1).optional(),
  anonymous: z.boolean().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
});

/** Returns a user that server code or an authenticator gave. `TypeError` for anything else. */
export function parseUser(user: unknown): User {
  return parseOrThrow(userShape, typeof user === 'string' ? { id: user } : user, 'user') as User;
}
