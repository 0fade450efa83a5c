import { createGuardedCompletion, type Guard } from 'guarded-completion';
import {
  azureOpenAI,
  openAI,
  openAICompatible,
  openRouter,
  type UpstreamSpec,
} from 'guarded-completion/upstreams';
import { assertType, type Equal } from './assert.ts';

/** Compiled, never run: the types of several upstreams. */
const base = { secret: 'x'.repeat(32), plans: { free: { models: ['*'], weight: 2 } } };

export function accepted(): void {
  const main = openAI({ apiKey: process.env['KEY'], project: 'proj_a', rpm: 500, weight: 0.5 });
  assertType<Equal<typeof main, UpstreamSpec>>();
  createGuardedCompletion({
    ...base,
    upstreams: {
      main,
      azure: azureOpenAI({ endpoint: 'https://a.openai.azure.com', token: async () => 'token' }),
      router: openRouter({ apiKey: () => 'sk-example' }),
      local: openAICompatible({ baseURL: 'http://localhost:8000/v1', dialect: 'vllm' }),
    },
    models: { fast: ['main/gpt-5-mini', 'azure/mine'], one: 'gpt-5-nano' },
    retries: { serverErrors: 1 },
    bounds: { queuedPerUser: 8 },
  });
}

export function refused(): void {
  // @ts-expect-error a plain object is no upstream
  createGuardedCompletion({ ...base, upstreams: { main: { apiKey: 'sk-example' } } });
  // @ts-expect-error no such dialect
  openAICompatible({ baseURL: 'http://localhost:8000/v1', dialect: 'klingon' });
  // @ts-expect-error no endpoint
  azureOpenAI({ apiKey: 'sk-example' });
  // @ts-expect-error an unknown option
  openAI({ apiKey: 'sk-example', rpms: 500 });
}

export function used(guard: Guard): void {
  guard.client('ada', { priority: 'batch' });
  guard.fetchAs({ id: 'ada' }, { priority: 'normal' });
  // @ts-expect-error no such priority
  guard.client('ada', { priority: 'high' });
  guard.on('waited', ({ waitedMs, upstream }) => {
    assertType<Equal<typeof waitedMs, number>>();
    assertType<Equal<typeof upstream, string | undefined>>();
  });
  const [first] = guard.upstreams.status();
  if (first?.circuit.state === 'open') assertType<Equal<typeof first.circuit.opensAtMs, number>>();
}
