import type { BuiltRequest } from './built-request.ts';
import { isObject } from './wire-check.ts';

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
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-4o',
  'gpt-4o-mini',
]);

/** `ft:<base>:<organization>:…` */
const fineTuned = /^ft:([^:]+):/;
/** `-2024-08-06`, `-0613`, `-0125-preview` */
const snapshot = /-\d{4}(?:-\d{2}-\d{2}|-preview)?$/;

type Asked = Pick<BuiltRequest, 'model' | 'body' | 'inputRounds'>;

/**
 * Whether OpenAI may bill output that its answer does not show: reasoning, audio, choices that were not
 * the best, what hosted tools made the model write. True for every model that is not known.
 */
export function hidesOutput({ model, body, inputRounds }: Asked): boolean {
  const base = (fineTuned.exec(model)?.[1] ?? model).replace(snapshot, '');
  if (!VISIBLE_MODELS.has(base) || inputRounds > 1) return true;
  const { audio, best_of, n, prompt } = body;
  // A stored prompt may name tools; that of a completion is a text or a list.
  return isObject(audio) || Number(best_of ?? 1) > Number(n ?? 1) || isObject(prompt);
}
