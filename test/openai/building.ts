import { isDenial } from '../../src/core/denial.ts';
import type { RequestPolicy } from '../../src/openai/request/allowances.ts';
import { parseAllowances } from '../../src/openai/request/allowances.ts';
import type { BuiltRequest } from '../../src/openai/request/build-request.ts';
import { buildRequest } from '../../src/openai/request/build-request.ts';
import { endpointNamed } from './named.ts';

export const policyOf = (more: Partial<RequestPolicy> = {}): RequestPolicy => ({
  maxOutputTokens: 1_000,
  maxChoices: 4,
  allow: parseAllowances({}, 'allow'),
  ...more,
});
export const allowing = (allow: unknown) => policyOf({ allow: parseAllowances(allow, 'allow') });

export const bodies = {
  'chat.completions': { model: 'gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] },
  responses: { model: 'gpt-5-mini', input: 'hi' },
  completions: { model: 'gpt-3.5-turbo-instruct', prompt: 'hi' },
  embeddings: { model: 'text-embedding-3-small', input: 'hi' },
  moderations: { model: 'omni-moderation-latest', input: 'hi' },
} as const;
type Posted = keyof typeof bodies;
export const posted = Object.keys(bodies) as Posted[];

export const attempt = (name: string, more: object = {}, policy = policyOf()) =>
  buildRequest(endpointNamed(name), { ...bodies[name as Posted], ...more }, policy);

export function build(name: string, more: object = {}, policy = policyOf()): BuiltRequest {
  const built = attempt(name, more, policy);
  if (isDenial(built)) throw new Error(built.message);
  return built;
}
