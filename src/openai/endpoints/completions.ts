import { textChunks } from '../answer/chunks.ts';
import { chatUsage } from '../answer/usage.ts';
import { tokenBound } from '../prices/upper-bound.ts';
import { clientTag, flag, model, number, prompts, sampling, whole } from '../request/fields.ts';
import { jsonBody } from '../request/request-descriptor.ts';
import { vendorFieldsAt } from '../request/vendor-fields.ts';
import { orNull, text } from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const fields = {
  ...sampling,
  ...vendorFieldsAt('completions'),
  best_of: whole,
  echo: flag,
  logprobs: number,
  model,
  // Without one the model writes as at the beginning of a document.
  prompt: orNull(prompts),
  stream: flag,
  suffix: text,
  temperature: number,
  top_p: number,
  user: clientTag,
};

export const completions: UpstreamDescriptor = {
  name: 'completions',
  method: 'POST',
  path: '/completions',
  body: jsonBody(fields),
  outputCap: {
    field: 'max_tokens',
    spellings: ['max_tokens'],
    least: 1,
    absent: 16,
    choices: ['n', 'best_of'],
    prompts: 'prompt',
  },
  endUserId: { field: 'user' },
  readsPrompt: true,
  bound: tokenBound,
  usage: chatUsage,
  stream: textChunks,
};
