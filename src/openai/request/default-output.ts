import { baseModel } from '../prices/model-names.ts';

/** What these models can write at most, or half of a small context. OpenAI refuses a larger cap (its model pages
 * as third parties quote them, read 2026-11-29). */
const SMALL: ReadonlyMap<string, number> = new Map([
  ['computer-use-preview', 1_024],
  ['gpt-3.5-turbo', 4_096],
  ['gpt-3.5-turbo-16k', 4_096],
  ['gpt-4', 4_096],
  ['gpt-4-turbo', 4_096],
  ['gpt-4-turbo-preview', 4_096],
  ['gpt-4-vision-preview', 4_096],
]);

/** Snapshots that write less than the model without a date. */
const SMALL_SNAPSHOTS: ReadonlyMap<string, number> = new Map([
  ['gpt-4-1106-vision-preview', 4_096],
  ['gpt-4o-2024-05-13', 4_096],
]);

/** Returns the cap of an answer for which the client sets none: the plan's, or less where OpenAI would refuse
 * it. */
export function defaultOutputTokens(model: string, maxOutputTokens: number): number {
  const most = SMALL_SNAPSHOTS.get(model) ?? SMALL.get(baseModel(model));
  return most === undefined ? maxOutputTokens : Math.min(most, maxOutputTokens);
}
