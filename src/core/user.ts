import * as z from 'zod';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { type Group, type GroupSpec, groupList } from './group.ts';
import { decimalText, idText, type UserId } from './id-text.ts';

export type { UserId } from './id-text.ts';

/** A user, identified by a verified credential or by server code. */
export interface User {
  /** Stable and unique in the app. 1 to 256 characters, no control characters. */
  readonly id: string;
  /** The name of their plan, where the credential has one; `planOf` takes precedence. */
  readonly plan?: string;
  /** True for a user who has not signed in. Default false. */
  readonly anonymous?: boolean;
  /** The groups whose limits they share, at most 4, one of each kind, where the credential has them; `groupsOf`
   * takes precedence. Never use claims that users can write themselves. */
  readonly groups?: readonly Group[];
  /** The other claims of the credential. Never use claims that users can write themselves. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A user, as your app describes them. */
export interface UserSpec<PlanName extends string = string>
  extends Omit<User, 'id' | 'plan' | 'groups'> {
  /** Stable and unique in the app. */
  readonly id: UserId;
  /** The name of their plan; `planOf` takes precedence. */
  readonly plan?: PlanName;
  /** The groups whose limits they share, at most 4, one of each kind; `groupsOf` takes precedence. */
  readonly groups?: readonly GroupSpec[];
}

export const userShape = z.strictObject({
  id: idText('must be the id of a user: a text, or a whole number up to 2^53'),
  plan: z.string().min(1).optional(),
  anonymous: z.boolean().optional(),
  groups: groupList.optional(),
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
