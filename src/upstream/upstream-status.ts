import type { CapacityStatus } from './capacity/capacity-status.ts';

/** The state of the circuit breaker of an upstream. `opensAtMs`: when one call may try, Unix ms. */
export type CircuitStatus =
  | { readonly state: 'closed' | 'half-open' }
  | { readonly state: 'open'; readonly opensAtMs: number };

/** An upstream as this process sees it now. */
export interface UpstreamStatus {
  /** Its name in the option `upstreams`; `main` for `apiKey`. */
  readonly name: string;
  /** The host's dialect. */
  readonly dialect: string;
  /** Whether calls go there: not while it is `open`, one call while it is `half-open`. Always `closed` where
   * there is no other upstream. */
  readonly circuit: CircuitStatus;
  /** Calls that wait for it, or for another upstream that serves their model. */
  readonly waiting: number;
  /** Each family of models that was called here. */
  readonly families: readonly CapacityStatus[];
}
