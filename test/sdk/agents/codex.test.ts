import { describe, expect, it } from 'vitest';
import { type Fixture, post, startFixture, tokenOf } from '../../fixture.ts';

const text = (role: string, words: string) => ({
  type: 'message',
  role,
  content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: words }],
});

/** The fields of Codex (`ResponsesApiRequest` of `codex-api`, 2026), with values as it sends them. */
const request = {
  model: 'gpt-5.3-codex',
  instructions: 'You are Codex, a coding agent.',
  input: [
    text('developer', '<permissions instructions>…</permissions instructions>'),
    text('user', '<environment_context><cwd>/app</cwd></environment_context>'),
    text('user', 'What is in this folder?'),
  ] as object[],
  tools: [
    {
      type: 'function',
      name: 'exec_command',
      description: 'Runs a command.',
      strict: false,
      parameters: { type: 'object', properties: { cmd: { type: 'string' } }, required: ['cmd'] },
    },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Edits files.',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch"' },
    },
  ] as object[],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  reasoning: { effort: 'medium', summary: 'auto' },
  store: false,
  stream: true,
  stream_options: { reasoning_summary_delivery: 'sequential_cutoff' },
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '0199a213-81c0-7800-8aa1-bbab2a035a53',
  text: { verbosity: 'low' },
  client_metadata: {
    'x-codex-installation-id': '7f8d3b0e-1f4c-4a53-9d5b-1c1a7f3f1e11',
    'x-codex-turn-metadata': JSON.stringify({ session_id: 'x'.repeat(600), sandbox: 'seccomp' }),
  },
};

const plans = {
  strict: { models: ['gpt-5*'], limits: [{ usd: 1, per: 'day' }] },
} as const;

async function eventsOf(fixture: Fixture, body: object): Promise<Record<string, unknown>[]> {
  const { guard } = fixture;
  const answer = await post(guard, await tokenOf(guard), body, '/v1/responses');
  const data = (await answer.text()).matchAll(/^data: (.+)$/gm);
  return [...data].map(([, json = '']) => JSON.parse(json));
}

describe('Codex', () => {
  it('Codex works by its base URL and key, at its first step and at the next', async () => {
    await using fixture = await startFixture({ plans });
    const { fake, settled } = fixture;
    fake.scriptNext({
      reasoningTokens: 30,
      toolCalls: [{ name: 'exec_command', arguments: { cmd: 'ls' } }],
    });
    const events = await eventsOf(fixture, request);
    const items = events
      .filter(({ type }) => type === 'response.output_item.done')
      .map(({ item }) => Object(item));
    expect(items.map(({ type }) => type)).toEqual(['reasoning', 'function_call']);
    const [{ id: _, ...reasoning }, { id: __, status, ...call }] = items;
    const output = 'Chunk ID: 1\nOutput:\nREADME.md';
    const result = { type: 'function_call_output', call_id: call.call_id, output };
    fake.scriptNext({ text: 'A README.' });
    const input = [...request.input, reasoning, call, result];
    const last = (await eventsOf(fixture, { ...request, input })).at(-1);
    expect(last).toMatchObject({ type: 'response.completed' });
    await expect.poll(() => settled).toHaveLength(2);
  });

  it('What Codex says about its session is not sent on', async () => {
    await using fixture = await startFixture({ plans });
    await eventsOf(fixture, request);
    const [{ body, bodyText = '' } = {}] = fixture.fake.requests;
    expect(bodyText).not.toContain('x-codex');
    expect(body).not.toHaveProperty('client_metadata');
    expect(body).toMatchObject({ store: false, include: request.include, text: request.text });
  });

  it('Its web search stays refused where the plan does not allow it', async () => {
    await using fixture = await startFixture({ plans });
    const { guard } = fixture;
    const tools = [...request.tools, { type: 'web_search', external_web_access: false }];
    const answer = await post(guard, await tokenOf(guard), { ...request, tools }, '/v1/responses');
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('web_search');
  });
});
