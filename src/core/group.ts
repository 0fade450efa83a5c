import * as z from 'zod';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { decimalText, idText, type UserId } from './id-text.ts';

/** A group of users: a team, an organisation, a school class. */
export interface Group {
  /** What kind of group it is, such as `'team'`: a name in the option `groups`. */
  readonly kind: string;
  /** Unique among the groups of its kind. 1 to 256 characters, no control characters. */
  readonly id: string;
}

/** A group, as your app describes it. */
export interface GroupSpec extends Pick<Group, 'kind'> {
  /** Unique among the groups of its kind; a text, or a whole number, as the id of a user. */
  readonly id: UserId;
}

/** Groups that a user can be in at once. */
const GROUPS_MAX = 4;
const KIND = /^[a-z][a-z0-9_-]{0,31}$/;
const KIND_IS = 'must be 1 to 32 characters of a-z, 0-9, "_" and "-", the first of them a letter';
const ID_IS = 'must be the id of a group: a text, or a whole number up to 2^53';

export const groupKind = z.string(KIND_IS).regex(KIND, KIND_IS);

const group = z.strictObject(
  { kind: groupKind, id: z.preprocess(decimalText, idText(ID_IS)) },
  'must be a group, such as { kind: "team", id: "t1" }',
);

export const groupList = z
  .array(group, 'must be a list of groups, such as [{ kind: "team", id: "t1" }]')
  .max(GROUPS_MAX, `must be at most ${GROUPS_MAX} groups`)
  .refine(isOneOfEach, 'must have at most one group of each kind');

function isOneOfEach(groups: readonly Group[]): boolean {
  return new Set(groups.map(({ kind }) => kind)).size === groups.length;
}

/** Returns one group that server code gave. `TypeError` names `path` for anything else. */
export function parseGroup(given: unknown, path: string): Group {
  return parseOrThrow(group, given, path);
}

/** Returns the groups of one user, at most 4 of different kinds. `TypeError` names `path` for anything else. */
export function parseGroups(given: unknown, path: string): readonly Group[] {
  return parseOrThrow(groupList, given, path);
}
