import type { Block } from '../core/block.ts';
import type { Group } from '../core/group.ts';
import { RecordStates } from '../ledger/record-states.ts';
import type { Records } from '../ledger/records.ts';
import type { LimitSpec } from '../plans/limit-spec.ts';

/** What the operator decided about one group. It is kept in the ledger's store. */
export interface GroupState {
  readonly block?: Block;
  /** Each replaces the limit of its kind that counts the same, or is added. */
  readonly limits?: readonly LimitSpec[];
}

/** The states of all groups, by their names. */
export class GroupStates extends RecordStates<GroupState> {
  constructor(records: Records) {
    super(records, { prefix: 'group:', initial: {}, what: 'The state of a group' });
  }
}

/** Kinds have no colon. */
export const groupName = ({ kind, id }: Group): string => `${kind}:${id}`;
