import type { FakeJson } from './json.ts';

const INPUT_FIELDS = ['messages', 'input', 'prompt', 'instructions', 'tools'];
const CAP_FIELDS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'];

/**
 * What a request takes from a token limit before it runs: its characters by four, and the output cap
 * for each choice. OpenAI takes an estimate of this kind, and not the tokens that are billed.
 */
export function tokensCharged(body: FakeJson): number {
  const characters = INPUT_FIELDS.reduce((sum, field) => sum + charactersIn(body[field]), 0);
  const cap = CAP_FIELDS.map((field) => body[field]).find((value) => typeof value === 'number');
  const choices = typeof body['n'] === 'number' ? body['n'] : 1;
  return Math.ceil(characters / 4) + (typeof cap === 'number' ? cap * choices : 0);
}

/** The length of all strings inside a value. A token that is given as a number counts four. */
function charactersIn(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number') return 4;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + charactersIn(inner), 0);
}
