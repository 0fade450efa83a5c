import type { Denial } from '../../core/denial.ts';
import type { Endpoint } from '../endpoints.ts';
import type { RequestPolicy } from './request-policy.ts';
import { below, type Json, notAllowed } from './wire-check.ts';

/** How much one request can make the model write. */
export interface OutputBound {
  /** The cap that is sent; OpenAI applies it to each choice. */
  readonly perChoice: number;
  /** To each prompt. */
  readonly choices: number;
  /** Of all choices of all prompts. */
  readonly tokens: number;
}

const MULTIPLIERS = ['n', 'best_of'];
const NO_OUTPUT: OutputBound = { perChoice: 0, choices: 1, tokens: 0 };

/** The smallest cap among what was asked, what the plan allows and what OpenAI would take anyhow. */
export function outputBound(
  { outputCap }: Endpoint,
  body: Json,
  { maxOutputTokens, maxChoices }: RequestPolicy,
): OutputBound | Denial {
  if (outputCap === undefined) return NO_OUTPUT;
  let wanted = Number.POSITIVE_INFINITY;
  for (const field of outputCap.spellings) {
    const asked = body[field];
    if (isCount(asked)) wanted = Math.min(wanted, asked);
  }
  if (wanted === Number.POSITIVE_INFINITY) wanted = outputCap.absent ?? maxOutputTokens;
  const perChoice = Math.max(outputCap.least, Math.min(wanted, maxOutputTokens));
  let choices = 1;
  for (const field of MULTIPLIERS) {
    const value = body[field];
    if (!isCount(value)) continue;
    if (value > maxChoices) return below(field, notAllowed(`must be at most ${maxChoices}`));
    choices = Math.max(choices, value);
  }
  return { perChoice, choices, tokens: perChoice * choices * promptCount(body['prompt']) };
}

/** The checks have seen to it that it is a whole number ≥ 1 where it is a number. */
const isCount = (value: unknown): value is number => typeof value === 'number';

/** A list of token ids is one prompt; a list of lists, or of texts, is several. */
function promptCount(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
}
