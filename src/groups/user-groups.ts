import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { after, type Soon } from '../base/deadline.ts';
import { type Group, type GroupSpec, parseGroups } from '../core/group.ts';
import type { User } from '../core/user.ts';
import { type GroupLimits, NO_GROUPS } from '../plans/limit-levels.ts';
import { type LookupSettings, UserLookups } from '../plans/user-lookups.ts';
import type { GroupKinds } from './group-kinds.ts';

type GivenGroups = readonly GroupSpec[] | undefined;

/** The groups of a user; see the option `groupsOf`. */
export type GroupsOf = (user: User) => GivenGroups | Promise<GivenGroups>;

/** The groups that the operator decided for one user. */
export interface DecidedGroups {
  readonly groups?: readonly Group[];
}

const CACHED_LISTS_MAX = 50_000;
const PUSHED = '"users.setGroups" has set';
const NO_LIST: readonly Group[] = [];

/** Finds the groups of each user, and their limits. */
export class UserGroups {
  readonly kinds: GroupKinds;
  readonly #lookups: UserLookups<GivenGroups, readonly Group[]> | undefined;
  /** Lists that were checked and sorted, by the list that was given. */
  readonly #checked = new WeakMap<readonly GroupSpec[], readonly Group[]>();
  /** One list for all users who are in the same groups. */
  readonly #lists = new LRUCache<string, readonly Group[]>({ max: CACHED_LISTS_MAX });
  readonly #limits = new WeakMap<readonly Group[], readonly GroupLimits[]>();

  constructor(
    kinds: GroupKinds,
    groupsOf: GroupsOf | undefined,
    settings: LookupSettings,
    clock: Clock,
  ) {
    this.kinds = kinds;
    const read = (groups: GivenGroups) => this.#check(groups, '"groupsOf" returned', 'groupsOf');
    const question = groupsOf && { option: 'groupsOf', ask: groupsOf, read };
    this.#lookups = question && new UserLookups(question, settings, clock);
  }

  /**
   * Returns the groups of a user from narrow to wide: the same array as before while nothing about them has
   * changed. Throws if `groupsOf` fails, or for groups that are wrong: the call ends with 500.
   */
  of(user: User, decided: DecidedGroups): Soon<readonly GroupLimits[]> {
    if (decided.groups !== undefined) {
      return this.#limitsOf(this.#check(decided.groups, PUSHED, 'users.setGroups'));
    }
    if (this.#lookups !== undefined) {
      return after(this.#lookups.of(user), (groups) => this.#limitsOf(groups));
    }
    if (user.groups === undefined) return NO_GROUPS;
    return this.#limitsOf(this.#check(user.groups, '"user.groups" has', 'user.groups'));
  }

  /** The next call of this user, or of any user without an id, asks `groupsOf` again. */
  forget(userId: string | undefined): void {
    this.#lookups?.forget(userId);
  }

  #check(given: GivenGroups, source: string, path: string): readonly Group[] {
    if (given === undefined || given === null) return NO_LIST;
    const known = typeof given === 'object' ? this.#checked.get(given) : undefined;
    if (known !== undefined) return known;
    const groups = this.#shared(this.kinds.sorted(parseGroups(given, path), source));
    this.#checked.set(given, groups);
    return groups;
  }

  #shared(groups: readonly Group[]): readonly Group[] {
    const name = JSON.stringify(groups.map(({ kind, id }) => [kind, id]));
    const known = this.#lists.get(name) ?? groups;
    this.#lists.set(name, known);
    return known;
  }

  #limitsOf(groups: readonly Group[]): readonly GroupLimits[] {
    if (groups.length === 0) return NO_GROUPS;
    const known = this.#limits.get(groups) ?? groups.map((group) => this.#limitsOfOne(group));
    this.#limits.set(groups, known);
    return known;
  }

  #limitsOfOne({ kind, id }: Group): GroupLimits {
    const { limits, showsFigures } = this.kinds.named(kind, 'A user has');
    return { kind, id, showsFigures, limits };
  }
}
