import { createHash } from 'node:crypto';

/** A Lua script of Redis, by its text and the name that Redis gives it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export const script = (text: string): Script => {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
};
