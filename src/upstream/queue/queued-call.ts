/** A call that needs a turn at an upstream. */
export interface QueuedCall {
  readonly userId: string;
  /** The share of its user: the weight of the plan × how much of the user is in this process × priority. */
  readonly weight: number;
  /** What it may take of an upstream's limit, as the upstream counts. */
  readonly tokens: number;
}
