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

/** A part of a limit that `warnAt` names is used. One event for each window and fraction, in one of all processes. */
export interface ThresholdEvent {
  /** The same for a repeat, which can follow when a process or the store failed, and different in each window. */
  readonly id: string;
  /** Whose limit it is. */
  readonly level: AccountLevel;
  /** The user, for a limit of a user or of a user token. */
  readonly userId: string | undefined;
  /** The id of the user token, for a limit of a user token. */
  readonly tokenId: string | undefined;
  /** The group, for a limit of a group. */
  readonly group: { readonly kind: string; readonly id: string } | undefined;
  /** The name of the limit. */
  readonly limit: string;
  /** The limit's unit, as options write it: `usd` is in dollars. */
  readonly unit: string;
  /** The fraction that was reached, as in `warnAt`. If a call passes several, the highest. `1` also stands for the
   * first denial because the limit is used up. */
  readonly fraction: number;
  /** Used in the window, in `unit`. Calls in flight may have used more by now. */
  readonly used: number;
  /** The amount of the limit, in `unit`. */
  readonly amount: number;
  /** When time alone makes more room, Unix ms; `undefined` for a limit that never ends. */
  readonly resetsAtMs: number | undefined;
  /** How fast it is used: the used part of the limit, divided by the part of the window that is over. Above 1 it ends
   * before its window, if calls go on like this. `undefined` where the window is no calendar period. */
  readonly burnRate: number | undefined;
}
