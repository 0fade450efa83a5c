import type { Balance, Claim } from '../../ledger/ledger.ts';

/** One way out for the calls of a queue: an upstream, and its capacity for one family of models. */
export interface Outlet {
  /** `upstream:family`, the same in every process. */
  readonly id: string;
  /**
   * When the next call may leave, Unix ms: 0 for now, `Infinity` while only an event opens it. It is closed
   * during a pause after a 429, while the slow start has no room, and while its circuit is open.
   */
  readonly opensAtMs: number;
  /** How long the limit takes to free one average call; 0 while no limit is known. */
  readonly gapMs: number;
  /** The most calls that may leave with one reserve, at least 1: one second of the limit. */
  readonly roundMax: number;
  /** What one reserve takes for so many calls of so many tokens in all; empty while no limit is known. */
  claimsFor(calls: number, tokens: number): readonly Claim[];
  /**
   * A call leaves now. `balances`: what its reserve returned for the claims of `claimsFor`, in their order;
   * `undefined` where there were none. `place`: only for a call that has waited and leaves with a reserve of the
   * queue. Exactly one method of what this returns is called later.
   */
  leave(balances: readonly Balance[] | undefined, place?: PlaceInRound): Departure;
  /**
   * Calls `listener` whenever a call may leave earlier than was known: `opensAtMs` came closer, or the ledger
   * was corrected. One listener for each queue.
   */
  onOpen(listener: () => void): void;
}

/** What the reserves of the queue took for calls that leave after this one. */
export interface PlaceInRound {
  /** 0 for the last call of a round. */
  readonly callsAfter: number;
  /** Below 0 if calls took more than was reserved for them, which the next reserve makes up for. */
  readonly tokensAfter: number;
}

/** The header of an answer, by its lower-case name. */
export type HeaderOf = (name: string) => string | undefined;

/** A call on its way to an upstream, as its capacity sees it. Each is resolved exactly once. */
export interface Departure {
  /** The headers of an answer came, of whatever status that is no passing refusal. */
  answered(header: HeaderOf, status?: number): void;
  /** The upstream refused it for now (429, 503, 529) and did not bill it. */
  refused(status: number, header: HeaderOf): void;
  /** It got no answer. `sent`: it may have arrived. `isOurs`: it ended before the upstream showed whether it
   * works, because it was stopped or had no key. */
  failed(sent: boolean, isOurs?: boolean): void;
}
