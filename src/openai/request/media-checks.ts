import type { Denial } from '../../core/denial.ts';
import { audioTokensMost } from '../media/audio-tokens.ts';
import { Base64Bytes, isBase64 } from '../media/base64.ts';
import { fileTokensMost } from '../media/file-tokens.ts';
import { type ImageDetail, imageDetails } from '../media/image-families.ts';
import { imageSize } from '../media/image-size.ts';
import { imageRuleOf, imageTokensMost } from '../media/image-tokens.ts';
import {
  below,
  type Check,
  type Fields,
  type Inspection,
  isObject,
  json,
  type MediaCounts,
  malformed,
  notAllowed,
  object,
  refused,
  scalar,
  text,
} from './wire-check.ts';

/** Parts of messages that are not text. The plan enables each kind and limits their number. */
function countMedia(kind: keyof MediaCounts, inspection: Inspection): Denial | undefined {
  const allowance = inspection.allow[kind];
  if (allowance === undefined) {
    return notAllowed(`needs "${kind}", which the plan does not enable`);
  }
  inspection.media ??= { images: 0, files: 0, audio: 0 };
  inspection.media[kind] += 1;
  return inspection.media[kind] > allowance.maxPerRequest
    ? notAllowed(`is one of more than ${allowance.maxPerRequest} "${kind}"`)
    : undefined;
}

/** Counts what one image or recording may need, unless the plan allows less for each. */
function countTokens(most: number, kind: 'images' | 'audio', inspection: Inspection) {
  const allowed = inspection.allow[kind]?.tokensEach ?? most;
  if (most > allowed) {
    return notAllowed(`may need ${most} input tokens, and the plan allows ${allowed} for each`);
  }
  inspection.extraInputTokens += most;
  return undefined;
}

const oneOf = (words: readonly string[]): Check => {
  const known = new Set<unknown>(words);
  return (value) =>
    known.has(value) || value === null
      ? undefined
      : malformed(`must be one of "${words.join('", "')}"`);
};

/** Letter case means nothing in a media type. */
const imagePrefix = /^data:image\/(?:png|jpe?g|webp|gif);base64,/i;
const isInlineURL = (url: string): boolean => /^data:/i.test(url);
const httpsUrl = /^https:\/\/[\x21-\x7e]{1,2048}$/;
const imageDetail = oneOf(imageDetails);
export const fileDetail = oneOf(['auto', 'low', 'high']);

/** An image, inline or at an address that OpenAI's servers fetch. */
export const imageUrl: Check = (value, inspection) => {
  if (value === null) return undefined;
  if (typeof value !== 'string') return malformed('must be a string');
  const denial = countMedia('images', inspection);
  if (denial !== undefined) return denial;
  const prefix = imagePrefix.exec(value)?.[0];
  if (prefix !== undefined && isBase64(value, prefix.length)) return undefined;
  if (isInlineURL(value)) return malformed('must be a base64 image');
  if (inspection.allow.images?.https !== true) {
    return notAllowed('must be a "data:" URL: the plan allows no others');
  }
  return httpsUrl.test(value) ? undefined : malformed('must be an "https:" URL');
};

/** An object with an image in `field`. Its tokens depend on its size, its `detail` and the model. */
export function imageIn(field: string, fields: Fields, usualDetail: ImageDetail = 'auto'): Check {
  const check = object({ ...fields, [field]: imageUrl, detail: imageDetail });
  return (value, inspection) => {
    const denial = check(value, inspection);
    const url = isObject(value) ? value[field] : undefined;
    if (denial !== undefined || !isObject(value) || typeof url !== 'string') return denial;
    const detail = imageDetails.find((known) => known === value['detail']) ?? usualDetail;
    const refusal = countImage(url, detail, inspection);
    return refusal && below(field, refusal);
  };
}

function countImage(url: string, detail: ImageDetail, inspection: Inspection): Denial | undefined {
  const isInline = isInlineURL(url);
  const size = isInline ? imageSize(new Base64Bytes(url, url.indexOf(',') + 1)) : undefined;
  const rule = imageRuleOf(inspection.model);
  const stated = rule === undefined ? inspection.allow.images?.tokensEach : undefined;
  const most = stated ?? imageTokensMost(rule, detail, size);
  if (most === Number.POSITIVE_INFINITY) {
    return notAllowed('has no known size, so it needs "detail": "high" beside it with this model');
  }
  if (isInline) inspection.inlineBytes += url.length;
  return countTokens(most, 'images', inspection);
}

/** A document, inline. Its bytes are counted as text too, because its tokens may come from both. */
export const fileData: Check = (value, inspection) => {
  if (typeof value !== 'string') return malformed('must be a string');
  const denial = countMedia('files', inspection);
  if (denial !== undefined) return denial;
  const { allow, model } = inspection;
  const most = fileTokensMost(value, model, allow.files?.tokensEach);
  if (most === undefined) {
    return notAllowed('must be plain text: for this model the plan must state "files.tokensEach"');
  }
  inspection.extraInputTokens += most;
  return undefined;
};

export const fileUrl = refused('would be fetched by OpenAI; send the file inline instead');

const base64: Check = (value) =>
  typeof value === 'string' && isBase64(value, 0) ? undefined : malformed('must be base64');

const recording = object({ data: base64, format: oneOf(['wav', 'mp3']) });

const inputAudio: Check = (value, inspection) => {
  const denial = recording(value, inspection) ?? countMedia('audio', inspection);
  if (denial !== undefined || !isObject(value)) return denial;
  const { data, format } = value;
  const refusal = countAudio(typeof data === 'string' ? data : '', format, inspection);
  return refusal && below('data', refusal);
};

function countAudio(data: string, format: unknown, inspection: Inspection): Denial | undefined {
  const bytes = Buffer.from(data, 'base64');
  const counted = audioTokensMost(bytes, format === 'wav' ? 'wav' : 'mp3');
  const most = counted ?? inspection.allow.audio?.tokensEach;
  if (most === undefined) {
    return malformed('must be an MP3, or an uncompressed WAV, as "format" says');
  }
  inspection.inlineBytes += data.length;
  return countTokens(most, 'audio', inspection);
}

/** Fields of every part, in both families of names. */
export const partFields = { type: scalar, prompt_cache_breakpoint: json };

export const refusalPart = object({ ...partFields, refusal: text });
export const audioPart = object({ ...partFields, input_audio: inputAudio });
/** Parts of chat messages and moderations. */
export const textPart = object({ ...partFields, text });
export const imageUrlPart = object({ ...partFields, image_url: imageIn('url', {}) });
/** An image that is moderated, which is free. */
export const freeImagePart = object({
  ...partFields,
  image_url: object({ url: imageUrl, detail: imageDetail }),
});
