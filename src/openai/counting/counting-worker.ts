/** The thread in which `TokenCounter` counts. It has no access to the rest of the guard. */
import { parentPort } from 'node:worker_threads';
import type { Tokenizer } from './bounded-count.ts';
import { countJson } from './count-json.ts';
import type { EncodingName } from './encodings.ts';
import type { CountingJob } from './token-counter.ts';

/** How long one body is counted, by all encodings together. */
const COUNT_MS_MAX = 250;

const tokenizers = new Map<EncodingName, Promise<Tokenizer>>();

parentPort?.on('message', (job: CountingJob) => {
  const answer = (tokens: number | undefined) => parentPort?.postMessage(tokens);
  count(job).then(answer, () => answer(undefined));
});

async function count({ json, encodings }: CountingJob): Promise<number> {
  let most = 0;
  for (const name of encodings) {
    const tokenizer = await tokenizerOf(name);
    most = Math.max(most, countJson(json, tokenizer, COUNT_MS_MAX / encodings.length));
  }
  return most;
}

function tokenizerOf(name: EncodingName): Promise<Tokenizer> {
  const loading = tokenizers.get(name) ?? load(name);
  tokenizers.set(name, loading);
  return loading;
}

/** In a request no text is a special token. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

async function load(name: EncodingName): Promise<Tokenizer> {
  const patterns = await import('gpt-tokenizer/encodingParams/constants');
  const isNew = name === 'o200k_base';
  const encoding = isNew
    ? await import('gpt-tokenizer/encoding/o200k_base')
    : await import('gpt-tokenizer/encoding/cl100k_base');
  // Its cache would keep pieces of prompts.
  encoding.setMergeCacheSize(0);
  return {
    splitPattern: isNew ? patterns.O200K_TOKEN_SPLIT_REGEX : patterns.CL100K_TOKEN_SPLIT_REGEX,
    countTokens: (text) => encoding.countTokens(text, AS_TEXT),
  };
}
