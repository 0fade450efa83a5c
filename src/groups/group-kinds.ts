import type { Group } from '../core/group.ts';
import type { Limit } from '../plans/limit.ts';

/** A kind of groups, parsed once. */
export interface GroupKind {
  readonly name: string;
  /** Of each group of the kind. */
  readonly limits: readonly Limit[];
  /** Whether members see the figures of these limits. */
  readonly showsFigures: boolean;
}

/** The kinds of the option `groups`, from narrow to wide. */
export class GroupKinds {
  readonly all: readonly GroupKind[];

  constructor(all: readonly GroupKind[]) {
    this.all = all;
  }

  /** Returns the kind of this name. `TypeError` if there is none; `source` says where the name is from, such as
   * `"groupsOf" returned`. */
  named(name: string, source: string): GroupKind {
    const kind = this.all.find((each) => each.name === name);
    if (kind !== undefined) return kind;
    const known = this.all.map((each) => JSON.stringify(each.name)).join(', ');
    const hint = known === '' ? 'set the option "groups"' : `the kinds are ${known}`;
    throw new TypeError(`${source} a group of the kind "${name}", which is not known: ${hint}`);
  }

  /** Returns the groups from narrow to wide. `TypeError` for a kind that is not known. */
  sorted(groups: readonly Group[], source: string): readonly Group[] {
    const placed = groups.map((group) => {
      return { group, place: this.all.indexOf(this.named(group.kind, source)) };
    });
    return placed.sort((a, b) => a.place - b.place).map(({ group }) => group);
  }
}
