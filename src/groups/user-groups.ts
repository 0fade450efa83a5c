import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.ts';
import { after, isPromiseLike, type Soon } from '../base/deadline.ts';
import type { Denial } from '../core/denial.ts';
import { type Group, type GroupSpec, parseGroups } from '../core/group.ts';
import type { User } from '../core/user.ts';
import { type GroupLimits, NO_GROUPS } from '../plans/limit-levels.ts';
import { type LookupSettings, UserLookups } from '../plans/user-lookups.ts';
import type { GroupKinds } from './group-kinds.ts';
import { blockedGroupDenial, groupLimits } from './group-limits.ts';
import { type GroupState, type GroupStates, groupName } from './group-states.ts';

type GivenGroups = readonly GroupSpec[] | undefined;

/** The groups of a user; see the option `groupsOf`. */
export type GroupsOf = (user: User) => GivenGroups | Promise<GivenGroups>;

/** The groups that the operator decided for one user. */
export interface DecidedGroups {
  readonly groups?: readonly Group[];
}

/** The groups of some users, from narrow to wide, and what their limits are. */
interface GroupList {
  readonly groups: readonly Group[];
  readonly names: readonly string[];
  /** Those that `limits` were made from. */
  states: readonly GroupState[];
  limits: readonly GroupLimits[];
}

/** A list that was given, as it was when it was checked: the app may change it in place. */
interface CheckedGroups {
  readonly seen: readonly GroupSpec[];
  readonly list: GroupList;
}

interface UserGroupsParts {
  readonly kinds: GroupKinds;
  readonly groupsOf: GroupsOf | undefined;
  readonly states: GroupStates;
  readonly settings: LookupSettings;
  readonly clock: Clock;
}

const CACHED_LISTS_MAX = 50_000;
const NO_LIST: GroupList = { groups: [], names: [], states: [], limits: NO_GROUPS };

/** Finds the groups of each user, and their limits. */
export class UserGroups {
  readonly #parts: UserGroupsParts;
  readonly #lookups: UserLookups<GivenGroups, GroupList> | undefined;
  /** By the groups that were given. */
  readonly #checked = new WeakMap<readonly GroupSpec[], CheckedGroups>();
  /** One list for all users who are in the same groups. */
  readonly #lists = new LRUCache<string, GroupList>({ max: CACHED_LISTS_MAX });

  constructor(parts: UserGroupsParts) {
    const { groupsOf, settings, clock, states } = parts;
    const read = (given: GivenGroups) => this.#check(given, '"groupsOf" returned', 'groupsOf');
    const question = groupsOf && { option: 'groupsOf', ask: groupsOf, read };
    this.#parts = parts;
    this.#lookups = question && new UserLookups(question, settings, clock);
    // The members of the group may have changed with it.
    states.onChange(() => this.forget(undefined));
  }

  get kinds(): GroupKinds {
    return this.#parts.kinds;
  }

  get states(): GroupStates {
    return this.#parts.states;
  }

  /**
   * Returns the groups of a user from narrow to wide: the same array as before while nothing about them has
   * changed. Throws if `groupsOf` fails, or for groups that are wrong: the call ends with 500.
   */
  of(user: User, decided: DecidedGroups): Soon<readonly GroupLimits[]> {
    const list = this.#listOf(user, decided);
    if (list === NO_LIST) return NO_GROUPS;
    return after(list, (found) => this.#limitsOf(found));
  }

  /** Returns why a call of the members of these groups is refused by now; `undefined` if it is not. */
  async denialFor(groups: readonly GroupLimits[]): Promise<Denial | undefined> {
    const { states, clock } = this.#parts;
    for (const group of groups) {
      const { block } = await states.get(groupName(group));
      const denial = blockedGroupDenial([{ ...group, block }], clock.nowMs());
      if (denial !== undefined) return denial;
    }
    return undefined;
  }

  /** The next call of this user, or of any user without an id, asks `groupsOf` again. */
  forget(userId: string | undefined): void {
    this.#lookups?.forget(userId);
  }

  #listOf(user: User, { groups }: DecidedGroups): Soon<GroupList> {
    if (groups !== undefined) {
      return this.#check(groups, '"users.setGroups" has set', 'users.setGroups');
    }
    if (this.#lookups !== undefined) return this.#lookups.of(user);
    return this.#check(user.groups, '"user.groups" has', 'user.groups');
  }

  #check(given: GivenGroups, source: string, path: string): GroupList {
    if (given === undefined || given === null) return NO_LIST;
    const known = typeof given === 'object' ? this.#checked.get(given) : undefined;
    if (known !== undefined && isUnchanged(given, known)) return known.list;
    const list = this.#shared(this.kinds.sorted(parseGroups(given, path), source));
    const seen = given.map(({ kind, id }) => ({ kind, id }));
    this.#checked.set(given, { seen, list });
    return list;
  }

  #shared(groups: readonly Group[]): GroupList {
    if (groups.length === 0) return NO_LIST;
    const names = groups.map(groupName);
    const key = JSON.stringify(names);
    const list = this.#lists.get(key) ?? { groups, names, states: [], limits: NO_GROUPS };
    this.#lists.set(key, list);
    return list;
  }

  #limitsOf(list: GroupList): Soon<readonly GroupLimits[]> {
    const states: GroupState[] = [];
    for (const name of list.names) {
      const state = this.states.get(name);
      if (isPromiseLike(state)) return this.#load(list);
      states.push(state);
    }
    return this.#limitsNow(list, states);
  }

  async #load(list: GroupList): Promise<readonly GroupLimits[]> {
    const states = list.names.map((name) => this.states.get(name));
    return this.#limitsNow(list, await Promise.all(states));
  }

  #limitsNow(list: GroupList, states: readonly GroupState[]): readonly GroupLimits[] {
    const isSame = states.every((state, place) => state === list.states[place]);
    if (isSame) return list.limits;
    list.limits = list.groups.map((group, place) => {
      const kind = this.kinds.named(group.kind, 'A user has');
      return groupLimits(group, kind, states[place] ?? {});
    });
    list.states = states;
    return list.limits;
  }
}

function isUnchanged(given: readonly GroupSpec[], { seen }: CheckedGroups): boolean {
  if (given.length !== seen.length) return false;
  return given.every((group, place) => {
    return group?.kind === seen[place]?.kind && group?.id === seen[place]?.id;
  });
}
