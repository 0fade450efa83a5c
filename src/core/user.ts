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

/** The id of a user, as your app has it: a text of 1 to 256 characters, or a whole number, which stands for its
 * decimal text. A number that is not exact (above 2^53) is a `TypeError`. */
export type UserId = string | number | bigint;

/** A user, as your app describes them. */
export interface UserSpec<PlanName extends string = string> extends Omit<User, 'id' | 'plan'> {
  /** Stable and unique in the app. */
  readonly id: UserId;
  /** The name of their plan; `planOf` takes precedence. */
  readonly plan?: PlanName;
}

const USER_ID_LENGTH_MAX = 256;
const MUST_BE = 'must be the id of a user: a text, or a whole number up to 2^53';

export const userShape = z.strictObject({
  id: z
    .string(MUST_BE)
    .min(1)
    .max(USER_ID_LENGTH_MAX)
    // Control characters could forge log lines and confuse stores. Lone surrogates have no UTF-8.
    .refine((id) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(id), 'must not contain control characters'),
  plan: z.string().min(1).optional(),
  anonymous: z.boolean().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
});

/** Returns a user that server code or an authenticator gave. `TypeError` names `path` for anything else. */
export function parseUser(user: unknown, path = 'user'): User {
  if (typeof user !== 'object' || user === null) return { id: parseUserId(user, path) };
  const id = 'id' in user ? decimalText(user.id) : undefined;
  return parseOrThrow(userShape, { ...user, id }, path) as User;
}

/** Returns the id of a user that server code gave. `TypeError` names `path` for anything else. */
export function parseUserId(id: unknown, path = 'user'): string {
  return parseOrThrow(userShape.shape.id, decimalText(id), path);
}

function decimalText(id: unknown): unknown {
  const isNumeric = typeof id === 'bigint' || Number.isSafeInteger(id);
  return isNumeric ? String(id) : id;
}
