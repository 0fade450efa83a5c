import type { TagHeapItem } from './tag-heap.ts';

/** A call that waits in a fair queue. */
export interface FairCall {
  readonly userId: string;
  /** What it takes of the capacity. */
  readonly tokens: number;
  /**
   * The virtual time that it took from its user; 0 at first. Only the queue sets it. It is kept with the
   * call, because the user's weight may be another one when the call is put back.
   */
  charged: number;
}

/** Less than 1 counts as 1. Otherwise calls that cost nothing would all be next. */
export const costOf = ({ tokens }: FairCall): number => Math.max(1, tokens);

/** The waiting calls of one user, in order, and the virtual time at which the next of them starts. */
export class Flow<Call extends FairCall> implements TagHeapItem {
  readonly userId: string;
  readonly calls: Call[] = [];
  weight = 0;
  tag: number;
  order: number;
  isParked = false;
  index = -1;

  constructor(userId: string, tag: number, order: number) {
    this.userId = userId;
    this.tag = tag;
    this.order = order;
  }
}
