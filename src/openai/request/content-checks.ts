import type { Denial } from '../../core/denial.ts';
import type { MediaAllowance } from './allowances.ts';
import {
  type Check,
  type Inspection,
  json,
  kindOf,
  listOf,
  malformed,
  notAllowed,
  object,
  orNull,
  reference,
  refused,
  scalar,
  text,
} from './wire-check.ts';

/** Parts of messages, for both families of names. What is not text needs a bound from the plan. */
function countMedia(
  allowance: MediaAllowance | undefined,
  name: string,
  inspection: Inspection,
): Denial | undefined {
  if (allowance === undefined) {
    return notAllowed(`needs "${name}", which the plan does not enable`);
  }
  inspection.media ??= new Map();
  const count = (inspection.media.get(allowance) ?? 0) + 1;
  if (count > allowance.maxPerRequest) {
    return notAllowed(`is one of more than ${allowance.maxPerRequest} "${name}"`);
  }
  inspection.media.set(allowance, count);
  inspection.extraInputTokens += allowance.tokensEach;
  return undefined;
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const imagePrefix = /^data:image\/(?:png|jpe?g|webp|gif);base64,/;
const httpsUrl = /^https:\/\/[\x21-\x7e]{1,2048}$/;

/** Inline, or at an address that OpenAI's servers fetch. */
const imageUrl: Check = (value, inspection) => {
  if (value === null) return undefined;
  if (typeof value !== 'string') return malformed('must be a text');
  const { images } = inspection.allow;
  const denial = countMedia(images, 'images', inspection);
  if (denial !== undefined) return denial;
  const prefix = imagePrefix.exec(value)?.[0];
  if (prefix !== undefined && base64.test(value.slice(prefix.length))) {
    inspection.inlineBytes += value.length;
    return undefined;
  }
  if (value.startsWith('data:')) return malformed('must be a base64 image');
  if (images?.https !== true) return notAllowed('must be a "data:" URL: the plan allows no others');
  return httpsUrl.test(value) ? undefined : malformed('must be an "https:" URL');
};

/** Its bytes stay counted as text besides: a document's tokens may come from both. */
const fileData: Check = (value, inspection) =>
  typeof value === 'string'
    ? countMedia(inspection.allow.files, 'files', inspection)
    : malformed('must be a text');

const audioData: Check = (value, inspection) => {
  if (typeof value !== 'string' || !base64.test(value)) return malformed('must be base64');
  const denial = countMedia(inspection.allow.audio, 'audio', inspection);
  if (denial === undefined) inspection.inlineBytes += value.length;
  return denial;
};

const fileUrl = refused('would be fetched by OpenAI; send the file inline instead');
const common = { type: scalar, prompt_cache_breakpoint: json };
const inputAudio = object({ data: audioData, format: scalar });

const chatParts = {
  text: object({ ...common, text }),
  refusal: object({ ...common, refusal: text }),
  image_url: object({ ...common, image_url: object({ url: imageUrl, detail: scalar }) }),
  input_audio: object({ ...common, input_audio: inputAudio }),
  file: object({
    ...common,
    file: object({ file_data: fileData, filename: text, file_id: reference }),
  }),
};

/** `content` of a chat message, where it is a list. */
export const chatContent = listOf(kindOf('type', chatParts, 'parts'));

/** What a moderation looks at, where it is no text. */
export const moderationInput: Check = (value, inspection) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? undefined
    : moderationParts(value, inspection);

const moderationParts = listOf(
  kindOf('type', { text: chatParts.text, image_url: chatParts.image_url }, 'parts'),
);

/** A citation of a web page is text; one of a file or a container names an object. */
const annotation = kindOf(
  'type',
  {
    url_citation: json,
    file_citation: reference,
    container_file_citation: reference,
    file_path: reference,
  },
  'annotations',
);

const inputParts = {
  input_text: object({ ...common, text }),
  input_image: object({ ...common, image_url: imageUrl, file_id: reference, detail: scalar }),
  input_file: object({
    ...common,
    file_data: fileData,
    file_id: reference,
    file_url: fileUrl,
    filename: text,
    detail: scalar,
  }),
  input_audio: object({ ...common, input_audio: inputAudio }),
};

export const inputPart = kindOf('type', inputParts, 'parts');

const outputParts = {
  output_text: object({ ...common, text, annotations: orNull(listOf(annotation)), logprobs: json }),
  refusal: object({ ...common, refusal: text }),
};

/** `content` of a Responses message, where it is a list. */
export const messageContent = listOf(kindOf('type', { ...inputParts, ...outputParts }, 'parts'));

/** `output` of a function, where it is a list. */
export const outputContent = listOf(inputPart);
