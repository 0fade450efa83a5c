import { isDenial } from '../../src/core/denial.ts';
import { parseAllowances } from '../../src/openai/request/allowances.ts';
import type { BuiltRequest } from '../../src/openai/request/build-request.ts';
import { buildRequest } from '../../src/openai/request/build-request.ts';
import { endpointNamed } from './named.ts';

export const attempt = (
  name: 'chat.completions' | 'responses' | 'moderations',
  more: object,
  allow: unknown = {},
) => {
  const body =
    name === 'chat.completions' ? { model: 'm', messages: [] } : { model: 'm', input: 'hi' };
  const policy = { maxOutputTokens: 100, maxChoices: 1, allow: parseAllowances(allow, 'allow') };
  return buildRequest(endpointNamed(name), { ...body, ...more }, policy);
};
export const responses = (more: object, allow?: unknown) => attempt('responses', more, allow);
export const chat = (more: object, allow?: unknown) => attempt('chat.completions', more, allow);
export const items = (...input: object[]) => ({ input });
export const parts = (...content: object[]) => items({ role: 'user', content });
export const chatParts = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
export const tools = (...list: object[]) => ({ tools: list });

export function built(result: ReturnType<typeof attempt>): BuiltRequest {
  if (isDenial(result)) throw new Error(result.message);
  return result;
}

export const png = 'data:image/png;base64,AAAA';
export const search = { usdPerCall: 0.01, maxCalls: 3, inputTokensPerCall: 500 };
