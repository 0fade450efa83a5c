import type { Denial } from '../../core/denial.ts';
import type { RequestPolicy } from './allowances.ts';
import { defaultOutputTokens } from './default-output.ts';
import { below, type JsonObject, notAllowed } from './wire-check.ts';

/** How an endpoint caps the tokens that it writes. */
export interface OutputCap {
  /** The one field that is sent. */
  readonly field: string;
  /** Every field in which clients of the endpoint may send it. */
  readonly spellings: readonly string[];
  /** The smallest cap that OpenAI accepts. */
  readonly least: number;
  /** The cap that OpenAI uses when a client sends none. Absent: all that the model can write. */
  readonly absent?: number;
  /** Fields that say how many choices are written; the largest counts. */
  readonly choices?: readonly string[];
  /** The field that may hold several prompts, each with its own choices. */
  readonly prompts?: string;
}

/** How much one request can make the model write. */
export interface OutputBound {
  /** The cap that is sent. OpenAI applies it to each choice. */
  readonly perChoice: number;
  /** Choices of all prompts. */
  readonly choices: number;
  /** Tokens of all choices of all prompts. */
  readonly tokens: number;
  /** The cap that the client sent; `undefined` for none. */
  readonly asked: number | undefined;
}

const NO_OUTPUT: OutputBound = { perChoice: 0, choices: 1, tokens: 0, asked: undefined };
const NO_FIELDS: readonly string[] = [];

/** Returns the smallest cap of what was asked, what the plan allows and what OpenAI would use anyway. */
export function outputBound(
  cap: OutputCap | undefined,
  body: JsonObject,
  model: string,
  { maxOutputTokens, maxChoices }: RequestPolicy,
): OutputBound | Denial {
  if (cap === undefined) return NO_OUTPUT;
  const asked = askedCap(cap, body);
  const wanted = asked ?? cap.absent ?? defaultOutputTokens(model, maxOutputTokens);
  const perChoice = Math.max(cap.least, Math.min(wanted, maxOutputTokens));
  let choices = 1;
  for (const field of cap.choices ?? NO_FIELDS) {
    const value = body[field];
    if (!isCount(value)) continue;
    if (value > maxChoices) return below(field, notAllowed(`must be at most ${maxChoices}`));
    choices = Math.max(choices, value);
  }
  const prompts = cap.prompts === undefined ? 1 : promptCount(body[cap.prompts]);
  choices *= prompts;
  return { perChoice, choices, tokens: perChoice * choices, asked };
}

/** The smaller one counts where a client sends two. */
function askedCap({ spellings }: OutputCap, body: JsonObject): number | undefined {
  let asked: number | undefined;
  for (const field of spellings) {
    const value = body[field];
    if (isCount(value) && (asked === undefined || value < asked)) asked = value;
  }
  return asked;
}

/** The checks made sure that a number is a whole number ≥ 1. */
const isCount = (value: unknown): value is number => typeof value === 'number';

/** A list of token ids is one prompt. A list of lists, or of strings, is several. */
function promptCount(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
}
