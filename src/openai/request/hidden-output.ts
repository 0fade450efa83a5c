import { baseModel } from '../prices/model-names.ts';
import { isObject, type JsonObject } from './wire-check.ts';

/** Models that show every token that they bill: no reasoning (OpenAI's model pages, read 2026-11). */
const VISIBLE_MODELS: ReadonlySet<string> = new Set([
  'babbage-002',
  'davinci-002',
  'gpt-3.5-turbo',
  'gpt-3.5-turbo-16k',
  'gpt-3.5-turbo-instruct',
  'gpt-4',
  'gpt-4-32k',
  'gpt-4-turbo',
  'gpt-4-turbo-preview',
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-4o',
  'gpt-4o-mini',
]);

/** Returns whether OpenAI may bill tokens of a model that its answer does not show. */
export function isHidingModel(model: string): boolean {
  return !VISIBLE_MODELS.has(baseModel(model));
}

/**
 * Returns whether a request makes any model write something that the answer does not show: audio or
 * images, choices that were not the best, predicted text that was rejected, output of hosted tools.
 */
export function asksHiddenOutput(body: JsonObject, hostedCalls: number): boolean {
  const { audio, best_of, modalities, n, prediction, prompt, web_search_options } = body;
  if (hostedCalls > 0 || [audio, prediction, web_search_options].some(isObject)) return true;
  if (Array.isArray(modalities) && modalities.some((kind) => kind !== 'text')) return true;
  // A stored prompt may name tools. The prompt of a completion is a string or a list.
  return isObject(prompt) || (best_of !== undefined && Number(best_of) > Number(n ?? 1));
}
