import { costOf, type FairCall, type Flow } from './flow.ts';
import type { FlowHeap } from './flow-heap.ts';

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
interface Candidate<Call extends FairCall> {
  readonly flow: Flow<Call>;
  /** Its place among the calls of its user. */
  readonly index: number;
  readonly tag: number;
}

/** Returns the next calls of a heap, in its order, without a change: as taking them one by one would. */
export function roundOf<Call extends FairCall>(heap: FlowHeap<Call>, bounds: RoundBounds): Round {
  const candidates: Candidate<Call>[] = [];
  const round = { calls: 0, tokens: 0 };
  let next = heap.first && firstOf(heap.first);
  while (next !== undefined && next.tag < bounds.until) {
    const call = next.flow.calls[next.index];
    if (call !== undefined) {
      round.calls += 1;
      round.tokens += call.tokens;
    }
    if (round.calls >= bounds.callsMax || round.tokens >= bounds.tokensMax) break;
    if (next.index === 0) candidates.push(...heap.below(next.flow).map(firstOf));
    if (call !== undefined) candidates.push(afterIt(next, call));
    next = removeFirst(candidates);
  }
  return round;
}

const firstOf = <Call extends FairCall>(flow: Flow<Call>): Candidate<Call> => {
  return { flow, index: 0, tag: flow.tag };
};

const afterIt = <Call extends FairCall>(
  { flow, index, tag }: Candidate<Call>,
  call: Call,
): Candidate<Call> => ({ flow, index: index + 1, tag: tag + costOf(call) / flow.weight });

/** A round has few candidates: two for each of its calls at most. */
function removeFirst<Call extends FairCall>(
  candidates: Candidate<Call>[],
): Candidate<Call> | undefined {
  let [first] = candidates;
  for (const other of candidates) if (first !== undefined && isBefore(other, first)) first = other;
  const last = candidates.pop();
  if (first === undefined || last === undefined || last === first) return first;
  candidates[candidates.indexOf(first)] = last;
  return first;
}

const isBefore = <Call extends FairCall>(a: Candidate<Call>, b: Candidate<Call>): boolean =>
  a.tag < b.tag || (a.tag === b.tag && a.index === 0 && (b.index > 0 || a.flow.isBefore(b.flow)));
