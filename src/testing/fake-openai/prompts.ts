import { countTokens } from './tokens.ts';

export interface Prompt {
  readonly text: string;
  readonly tokens: number;
}

/** Reads `string | string[] | number[] | number[][]`, as completions and embeddings take it. */
export function promptsOf(value: unknown): Prompt[] {
  if (typeof value === 'string') return [{ text: value, tokens: countTokens(value) }];
  if (!Array.isArray(value)) return [];
  if (value.every((token) => typeof token === 'number')) {
    return [{ text: value.join(), tokens: value.length }];
  }
  return value.flatMap(promptsOf);
}
