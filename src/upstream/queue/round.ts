import { costOf, type FairCall, type Flow } from './flow.ts';
import { TagHeap, type TagHeapItem } from './tag-heap.ts';

/** The calls that leave together. */
export interface Round {
  readonly calls: number;
  /** The tokens of all these calls. */
  readonly tokens: number;
}

export interface RoundBounds {
  /** Virtual time at which the last call starts. */
  readonly until: number;
  readonly callsMax: number;
  /** No call is added once there are so many tokens. */
  readonly tokensMax: number;
}

/** A call that may be the next one of the round. */
class Candidate<Call extends FairCall> implements TagHeapItem {
  readonly flow: Flow<Call>;
  /** Its place among the calls of its user. */
  readonly place: number;
  tag: number;
  order: number;
  index = -1;

  constructor(flow: Flow<Call>, place: number, tag: number, order: number) {
    this.flow = flow;
    this.place = place;
    this.tag = tag;
    this.order = order;
  }

  static first<Call extends FairCall>(flow: Flow<Call>): Candidate<Call> {
    return new Candidate(flow, 0, flow.tag, flow.order);
  }

  get call(): Call | undefined {
    return this.flow.calls[this.place];
  }

  /** The next call of the same user, which starts after those of other users at the same time. */
  after(call: Call): Candidate<Call> {
    const tag = this.tag + costOf(call) / this.flow.weight;
    return new Candidate(this.flow, this.place + 1, tag, Number.POSITIVE_INFINITY);
  }
}

/** Returns the next calls of a heap, in its order, without a change: as taking them one by one would. */
export function roundOf<Call extends FairCall>(
  flows: TagHeap<Flow<Call>>,
  { until, callsMax, tokensMax }: RoundBounds,
): Round {
  const candidates = new TagHeap<Candidate<Call>>();
  if (flows.first !== undefined) candidates.add(Candidate.first(flows.first));
  const round = { calls: 0, tokens: 0 };
  for (let next = candidates.first; next !== undefined; next = candidates.first) {
    if (next.tag >= until || round.calls >= callsMax || round.tokens >= tokensMax) break;
    candidates.remove(next);
    const { flow, place, call } = next;
    if (place === 0) for (const below of flows.below(flow)) candidates.add(Candidate.first(below));
    if (call === undefined) continue;
    round.calls += 1;
    round.tokens += call.tokens;
    candidates.add(next.after(call));
  }
  return round;
}
