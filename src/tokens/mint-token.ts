import { randomBytes } from 'node:crypto';
import type { Records } from '../ledger/records.ts';
import {
  RANDOM_BYTES,
  type StoredToken,
  TOKEN_RECORD_PREFIX,
  type TokenForm,
} from './token-form.ts';

export interface MintedToken {
  /** Of the whole family, where it has one. */
  readonly id: string;
  readonly value: string;
}

/** Makes a token and stores what it may; only its keyed hash reaches the store. */
export type Mint = (token: StoredToken) => Promise<MintedToken>;

export function createMint(records: Records, form: TokenForm): Mint {
  return async (token) => {
    const value = form.seal(randomBytes(RANDOM_BYTES));
    const id = form.idOf(value);
    const { expiresAtMs, lifetimeEndsAtMs, family } = token;
    const isFirst = lifetimeEndsAtMs !== undefined && family === undefined;
    const stored = isFirst ? { ...token, family: id } : token;
    // The first of a family names its user as long as any of them may live.
    const condition = { expiresAtMs: isFirst ? lifetimeEndsAtMs : expiresAtMs, ifVersion: 0 };
    await records.put(TOKEN_RECORD_PREFIX + id, JSON.stringify(stored), condition);
    return { id: family ?? id, value };
  };
}
