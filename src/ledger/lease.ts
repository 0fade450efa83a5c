export interface Lease {
  /** How long the hold lives unless it is renewed, from the store's now. */
  readonly durationMs: number;
  /**
   * Whether the call may have left for OpenAI. When a lease is over, a hold that was dispatched
   * stays charged in full, and one that was not is given back. Slots of `concurrent` are freed in
   * both cases.
   */
  readonly dispatched: boolean;
}
export function assertLease({ durationMs }: Lease): void {
  if (durationMs > 0 && durationMs <= Number.MAX_SAFE_INTEGER) return;
  throw new TypeError(`"durationMs" must be a number of milliseconds above 0, not ${durationMs}`);
}
