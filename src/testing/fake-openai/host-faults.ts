import { arrayOf, type FakeJson, isRecord } from './json.ts';

type Fault = readonly [field: string, why: string];

/** Groq refuses these values (console.groq.com/docs/openai, 2026-11). */
export function groqFault(body: FakeJson): Fault | undefined {
  if (typeof body['n'] === 'number' && body['n'] !== 1) return ['n', "'n' must be 1"];
  const tiers: readonly unknown[] = ['auto', 'on_demand', 'flex', 'performance', undefined];
  if (!tiers.includes(body['service_tier'])) return ['service_tier', 'unknown service tier'];
  const named = arrayOf(body['messages']).findIndex(
    (message) => isRecord(message) && message['name'],
  );
  return named < 0 ? undefined : ['messages', `'messages.${named}': 'name' is unsupported`];
}

const REASONING = /^grok-(?:4|code)(?!.*non-reasoning)/;

/** xAI refuses these for models that reason (its OpenAPI file, 2026-08). */
export function xaiFault(body: FakeJson): Fault | undefined {
  if (!REASONING.test(String(body['model']))) return undefined;
  const field = ['stop', 'presence_penalty', 'frequency_penalty'].find((name) => body[name]);
  return field === undefined ? undefined : [field, `Model does not support parameter ${field}.`];
}
