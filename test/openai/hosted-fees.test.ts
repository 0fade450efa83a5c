import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countHostedCalls } from '../../src/openai/answer/hosted-calls.ts';
import { feesUsd } from '../../src/testing/fake-openai/hosted-calls.ts';
import { hostedItems, toolUsage } from '../../src/testing/fake-openai/hosted-items.ts';
import type { ScriptedHostedCall } from '../../src/testing/fake-openai/script.ts';
import { built, responses } from './asking.ts';

const memory = ['1g', '4g', '16g', '64g'] as const;
const models = ['gpt-image-1.5', 'gpt-image-1-mini'];
const quality = ['low', 'medium', 'high'] as const;
const sizes = ['1024x1024', '1024x1536', '1536x1024'];
const absentOr = (values: readonly string[]) => fc.constantFrom(undefined, ...values);

/** A tool of a request, and the calls that it allows. */
const askedTools = fc.record({
  web_search: fc.option(fc.constantFrom('web_search', 'web_search_preview')),
  code_interpreter: fc.option(absentOr(memory)),
  shell: fc.option(absentOr(memory)),
  image_generation: fc.option(
    fc.record({
      model: absentOr(models),
      quality: absentOr([...quality, 'auto']),
      size: absentOr([...sizes, 'auto']),
      partial_images: fc.nat({ max: 3 }),
    }),
  ),
  file_search: fc.boolean(),
});

type Asked = typeof askedTools extends fc.Arbitrary<infer Tools> ? Tools : never;

function toolsOf(asked: Asked): object[] {
  const tools: object[] = [];
  const { web_search, code_interpreter, shell, image_generation } = asked;
  const limit = (memory_limit: string | undefined) => (memory_limit ? { memory_limit } : {});
  if (web_search !== null) tools.push({ type: web_search });
  if (code_interpreter !== null) {
    const container = { type: 'auto', ...limit(code_interpreter) };
    tools.push({ type: 'code_interpreter', container });
  }
  if (shell !== null) {
    tools.push({ type: 'shell', environment: { type: 'container_auto', ...limit(shell) } });
  }
  if (image_generation !== null) tools.push({ type: 'image_generation', ...image_generation });
  if (asked.file_search) tools.push({ type: 'file_search', vector_store_ids: ['vs_1'] });
  return tools;
}

const scripted = fc.record({
  kind: fc.nat(),
  queries: fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 5 }),
  container: fc.constantFrom('a', 'b', 'c'),
});

/** The calls that an answer makes, of the tools that it was offered. */
function callsOf(
  asked: Asked,
  drawn: readonly { kind: number; queries: string[]; container: string }[],
) {
  const offered = Object.entries(asked)
    .filter(([, value]) => value !== null && value !== false)
    .map(([name]) => name as ScriptedHostedCall['tool']);
  return drawn.flatMap(({ kind, queries, container }): ScriptedHostedCall[] => {
    const tool = offered[kind % offered.length];
    return tool === undefined ? [] : [{ tool, queries, container: `${container} ${tool}` }];
  });
}

const plan = (maxCalls: number) => ({
  hostedTools: {
    web_search: { maxCalls },
    file_search: { maxCalls },
    code_interpreter: { maxCalls, memory: [...memory] },
    shell: { maxCalls, memory: [...memory] },
    image_generation: { maxCalls, models, quality: [...quality], sizes },
  },
  vectorStores: ['vs_1'],
});

describe('The fees of hosted tools', () => {
  it('They are held before they are charged, and never less than OpenAI bills, whatever is asked', () => {
    const property = fc.property(
      askedTools,
      fc.constantFrom('gpt-4o', 'gpt-5-mini'),
      fc.integer({ min: 1, max: 4 }),
      fc.array(scripted, { maxLength: 9 }),
      fc.boolean(),
      (asked, model, maxCalls, drawn, reportsUsage) => {
        const tools = toolsOf(asked);
        const request = built(responses({ model, tools }, plan(maxCalls)));
        const { body } = request;
        const hostedCalls = callsOf(asked, drawn);
        const script = { hostedCalls, ...(!reportsUsage && { toolUsage: 'missing' as const }) };
        const call = { body, script, serial: '1' } as never;
        const answer = { output: hostedItems({ call }), ...toolUsage({ call } as never) };
        const made = hostedCalls.slice(0, Number(body['max_tool_calls'] ?? 0));
        const billed = feesUsd(body, made).reduce((sum, usd) => sum + usd, 0) * 1e9;
        const reading = { usage: {} as never, hostedCalls: countHostedCalls(answer) };
        const charged = request.hostedFeesFor(reading as never, 1_000);
        expect(charged).toBeGreaterThanOrEqual(Math.floor(billed));
        expect(request.hostedFeesNanoUsd).toBeGreaterThanOrEqual(charged);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });
});
