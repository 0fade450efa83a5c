import type { Denial } from '../../core/denial.ts';
import type { MediaAllowance } from './allowances.ts';
import {
  type Check,
  type Inspection,
  json,
  malformed,
  notAllowed,
  object,
  refused,
  scalar,
  text,
} from './wire-check.ts';

/** Parts of messages that are not text. Each of them needs a bound from the plan. */
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

/** An image, inline or at an address that OpenAI's servers fetch. */
export const imageUrl: Check = (value, inspection) => {
  if (value === null) return undefined;
  if (typeof value !== 'string') return malformed('must be a string');
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

/** A document, inline. Its bytes are counted as text too, because its tokens may come from both. */
export const fileData: Check = (value, inspection) =>
  typeof value === 'string'
    ? countMedia(inspection.allow.files, 'files', inspection)
    : malformed('must be a string');

export const fileUrl = refused('would be fetched by OpenAI; send the file inline instead');

const audioData: Check = (value, inspection) => {
  if (typeof value !== 'string' || !base64.test(value)) return malformed('must be base64');
  const denial = countMedia(inspection.allow.audio, 'audio', inspection);
  if (denial === undefined) inspection.inlineBytes += value.length;
  return denial;
};

/** Fields of every part, in both families of names. */
export const partFields = { type: scalar, prompt_cache_breakpoint: json };

export const refusalPart = object({ ...partFields, refusal: text });
export const audioPart = object({
  ...partFields,
  input_audio: object({ data: audioData, format: scalar }),
});
/** Parts of chat messages and moderations. */
export const textPart = object({ ...partFields, text });
export const imageUrlPart = object({
  ...partFields,
  image_url: object({ url: imageUrl, detail: scalar }),
});
