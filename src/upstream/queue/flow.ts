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
export class Flow<Call extends FairCall> {
  readonly userId: string;
  readonly calls: Call[] = [];
  weight = 0;
  /** Changed by `FlowHeap.move` while it is in a heap. */
  tag: number;
  /** Of flows with the same tag, the one with the smallest order is first. Changed as the tag is. */
  order: number;
  isParked = false;
  /** Its place in the heap. Only the heap sets it. */
  index = -1;

  constructor(userId: string, tag: number, order: number) {
    this.userId = userId;
    this.tag = tag;
    this.order = order;
  }

  isBefore(other: Flow<Call>): boolean {
    return this.tag < other.tag || (this.tag === other.tag && this.order < other.order);
  }
}
