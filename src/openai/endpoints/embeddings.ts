import { inputUsage } from '../answer/usage.ts';
import { tokenBound } from '../prices/upper-bound.ts';
import { clientTag, model, prompts, whole } from '../request/fields.ts';
import { jsonBody } from '../request/request-descriptor.ts';
import { vendorFieldsAt } from '../request/vendor-fields.ts';
import { type Check, malformed, text } from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const INPUTS_MAX = 2_048;

const inputs: Check = (value, inspection) =>
  Array.isArray(value) && typeof value[0] !== 'number' && value.length > INPUTS_MAX
    ? malformed(`must be at most ${INPUTS_MAX} strings`)
    : prompts(value, inspection);

export const embeddings: UpstreamDescriptor = {
  name: 'embeddings',
  method: 'POST',
  path: '/embeddings',
  body: jsonBody(
    {
      ...vendorFieldsAt('embeddings'),
      dimensions: whole,
      encoding_format: text,
      input: inputs,
      model,
      user: clientTag,
    },
    'input',
  ),
  endUserId: { field: 'user' },
  readsPrompt: true,
  bound: tokenBound,
  usage: inputUsage,
};
