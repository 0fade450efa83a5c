import { inputUsage } from '../answer/usage.ts';
import { tokenBound } from '../prices/upper-bound.ts';
import { clientTag, model, prompts, whole } from '../request/fields.ts';
import { jsonBody } from '../request/request-descriptor.ts';
import { is, text } from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const INPUTS_MAX = 2_048;

const inputs = prompts.refine(
  (input) =>
    typeof input === 'string' || typeof input[0] === 'number' || input.length <= INPUTS_MAX,
  `must be at most ${INPUTS_MAX} strings`,
);

export const embeddings: UpstreamDescriptor = {
  name: 'embeddings',
  method: 'POST',
  path: '/embeddings',
  body: jsonBody(
    { dimensions: whole, encoding_format: text, input: is(inputs), model, user: clientTag },
    'input',
  ),
  endUserId: { field: 'user' },
  bound: tokenBound,
  usage: inputUsage,
};
