import type { DerivedKeys } from '../base/derived-keys.ts';
import type { Records } from '../ledger/records.ts';
import { newToken, type StoredToken, TOKEN_RECORD_PREFIX, tokenIdOf } from './token-form.ts';
import { noteToken } from './token-list.ts';

interface MintedToken {
  /** The id of the whole family, for a token of a family. */
  readonly id: string;
  readonly value: string;
}

/** Makes a token and stores its scope. Only a keyed hash of the token reaches the store. */
export async function mintToken(
  token: StoredToken,
  records: Records,
  keys: DerivedKeys,
): Promise<MintedToken> {
  const { expiresAtMs, lifetimeEndsAtMs, family } = token;
  const value = newToken(expiresAtMs, keys);
  const id = tokenIdOf(value, keys);
  const isFirst = lifetimeEndsAtMs !== undefined && family === undefined;
  const stored = isFirst ? { ...token, family: id } : token;
  // The record of the first token identifies the user of its family as long as any of them can live.
  const condition = { expiresAtMs: isFirst ? lifetimeEndsAtMs : expiresAtMs, ifVersion: 0 };
  await Promise.all([
    records.put(TOKEN_RECORD_PREFIX + id, JSON.stringify(stored), condition),
    noteToken(records, id, token),
  ]);
  return { id: family ?? id, value };
}
