import { createHash } from 'node:crypto';

/** A Lua script of Redis, by its text and the name that Redis gives it. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
  /** Whether the strings that it answers are bytes, which are no text. */
  readonly binary: boolean;
}

export const script = (text: string, { binary = false } = {}): RedisScript => {
  return { text, sha: createHash('sha1').update(text).digest('hex'), binary };
};
