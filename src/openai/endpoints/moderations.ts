import { model } from '../request/fields.ts';
import { freeImagePart, textPart } from '../request/media-checks.ts';
import { jsonBody } from '../request/request-descriptor.ts';
import { type Check, kindOf, listOf, textOr } from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const parts = listOf(kindOf('type', { text: textPart, image_url: freeImagePart }, 'parts'));

const input: Check = (value, inspection) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : parts(value, inspection);

/** Free: it has no bound. */
export const moderations: UpstreamDescriptor = {
  name: 'moderations',
  method: 'POST',
  path: '/moderations',
  body: jsonBody({ input: textOr(input), model }, 'input'),
  modelDefault: 'omni-moderation-latest',
};
