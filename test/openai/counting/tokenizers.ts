import * as cl100k from 'gpt-tokenizer/encoding/cl100k_base';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';
import {
  CL100K_TOKEN_SPLIT_REGEX,
  O200K_TOKEN_SPLIT_REGEX,
} from 'gpt-tokenizer/encodingParams/constants';
import type { Tokenizer } from '../../../src/openai/counting/bounded-count.ts';
import { countJson } from '../../../src/openai/counting/count-json.ts';
import type { EncodingName } from '../../../src/openai/counting/encodings.ts';
import type { CountingJob } from '../../../src/openai/counting/token-counter.ts';

const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** The tokenizers themselves. */
export const tokenizers: Readonly<Record<EncodingName, Tokenizer>> = {
  o200k_base: {
    splitPattern: O200K_TOKEN_SPLIT_REGEX,
    countTokens: (text) => o200k.countTokens(text, AS_TEXT),
  },
  cl100k_base: {
    splitPattern: CL100K_TOKEN_SPLIT_REGEX,
    countTokens: (text) => cl100k.countTokens(text, AS_TEXT),
  },
};

/** Long enough for every text of a test on any machine. */
export const NO_DEADLINE_MS = 600_000;

/** Counts as the worker does, in this thread and without a deadline. */
export async function countHere({ json, encodings }: CountingJob): Promise<number> {
  return Math.max(...encodings.map((name) => countJson(json, tokenizers[name], NO_DEADLINE_MS)));
}
