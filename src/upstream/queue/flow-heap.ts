import type { FairCall, Flow } from './flow.ts';

/** A binary heap of flows by tag and order. A flow may move both ways, and any flow can be removed. */
export class FlowHeap<Call extends FairCall> {
  readonly #flows: Flow<Call>[] = [];

  /** The flow that is before all others. */
  get first(): Flow<Call> | undefined {
    return this.#flows[0];
  }

  /** All flows, in no order. */
  get all(): readonly Flow<Call>[] {
    return this.#flows;
  }

  add(flow: Flow<Call>): void {
    this.#rise(flow, this.#flows.length);
  }

  remove(flow: Flow<Call>): void {
    const last = this.#flows.pop();
    if (last !== undefined && last !== flow) {
      this.#rise(last, flow.index);
      this.#sink(last, last.index);
    }
    flow.index = -1;
  }

  move(flow: Flow<Call>, tag: number, order: number): void {
    flow.tag = tag;
    flow.order = order;
    this.#rise(flow, flow.index);
    this.#sink(flow, flow.index);
  }

  /** The flows that can be next after a flow of this heap: none of the others is before both. */
  below({ index }: Flow<Call>): readonly Flow<Call>[] {
    return this.#flows.slice(2 * index + 1, 2 * index + 3);
  }

  #rise(flow: Flow<Call>, from: number): void {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#flows[above];
      if (parent === undefined || !flow.isBefore(parent)) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(flow, index);
  }

  #sink(flow: Flow<Call>, from: number): void {
    let index = from;
    for (;;) {
      const child = this.#firstChild(index);
      if (child === undefined || !child.isBefore(flow)) break;
      const below = child.index;
      this.#put(child, index);
      index = below;
    }
    this.#put(flow, index);
  }

  #firstChild(index: number): Flow<Call> | undefined {
    const left = this.#flows[2 * index + 1];
    const right = this.#flows[2 * index + 2];
    if (left === undefined || right === undefined) return left;
    return right.isBefore(left) ? right : left;
  }

  #put(flow: Flow<Call>, index: number): void {
    this.#flows[index] = flow;
    flow.index = index;
  }
}
