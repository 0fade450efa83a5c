/** What a hook decided about a call. Contains no prompt and no message. */
export interface GuardedEvent {
  /** Whether it is one of `before`, or one of `limiters`. */
  readonly kind: 'before' | 'limiter';
  /** The name of the hook. */
  readonly hook: string;
  /** `failed`: it threw, was late, or returned something else, and its `onError` decided. */
  readonly decision: 'passed' | 'denied' | 'replaced' | 'failed';
  /** The user whose call it is. */
  readonly userId: string;
  /** The plan that the user had. */
  readonly plan: string;
  /** The endpoint's name, such as `'chat.completions'`. */
  readonly endpoint: string;
  /** The model that was asked for. */
  readonly model: string;
  /** How long it took, in ms. */
  readonly ms: number;
}
