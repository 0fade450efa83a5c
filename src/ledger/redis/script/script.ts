import { createHash } from 'node:crypto';

/** A Lua script of Redis, by its text and the name that Redis has for it. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
  /** Whether the strings that it returns are bytes and not text. */
  readonly binary: boolean;
}

export const script = (text: string, { binary = false } = {}): RedisScript => {
  return { text, sha: createHash('sha1').update(text).digest('hex'), binary };
};
