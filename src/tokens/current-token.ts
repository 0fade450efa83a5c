import type { UserState } from '../users/user-states.ts';
import type { StoredToken } from './token-form.ts';

/** Whether neither the token's family nor all tokens of its user were revoked. */
export function isCurrent({ generation, family }: StoredToken, state: UserState): boolean {
  if (state.generation !== generation) return false;
  return family === undefined || !state.revoked?.some((one) => one.family === family);
}
