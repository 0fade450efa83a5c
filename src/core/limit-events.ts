import type { BrokenLimit } from './denial.ts';

/** Whose limit it is, from narrow to wide. */
export type AccountLevel = 'token' | 'user' | 'group' | 'global';

/** A shadow limit that would have refused a call. */
export interface ShadowLimit extends BrokenLimit {
  /** Whose limit it is. */
  readonly level: AccountLevel;
  /** The group, for a limit of a group. */
  readonly group?: { readonly kind: string; readonly id: string };
  /** Used before this call, in `unit`. It may be more than the limit. */
  readonly used: number;
}

/** A call that was admitted, and that shadow limits would have refused. Contains no prompt and no credential. */
export interface WouldDenyEvent {
  /** Identifies the call; each call has its own. */
  readonly callId: string;
  /** The user whose call it is. */
  readonly userId: string;
  /** The plan that the user had; several are joined by `+`. */
  readonly plan: string;
  /** The endpoint's name, such as `'chat.completions'`. */
  readonly endpoint: string;
  /** The model that was asked for. */
  readonly model: string;
  /** Every shadow limit that does not fit, from narrow to wide. Never empty. */
  readonly limits: readonly ShadowLimit[];
}
