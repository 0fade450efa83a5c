import { describe, expect, it, vi } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import type { FakeDialect } from '../../src/testing/fake-openai/host.ts';
import { canaries } from '../canary.ts';
import { post, tokenOf } from '../fixture.ts';
import { codeOf, pages } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

/** What a page calls its host, and the model that its plan names. */
const HOSTS: Readonly<Record<string, readonly [dialect: FakeDialect, model: string]>> = {
  'azure-openai': ['azure', 'my-deployment'],
  deepseek: ['deepseek', 'deepseek-chat'],
  gemini: ['gemini', 'gemini-2.5-flash'],
  groq: ['groq', 'llama-3.3-70b-versatile'],
  mistral: ['mistral', 'mistral-small-latest'],
  ollama: ['ollama', 'gpt-oss:20b'],
  'open-router': ['openrouter', 'openai/gpt-5-mini'],
  vllm: ['vllm', 'my-llama'],
  xai: ['xai', 'grok-4'],
};

/** The only change to a snippet: the address of its host. */
function atFake(code: string, fake: FakeOpenAI): string {
  return code
    .replace(/https:\/\/my-resource\.openai\.azure\.com/, new URL(fake.baseURL).origin)
    .replace(/(?<=baseURL: ')[^']+/, fake.baseURL)
    .replace('openRouter({', `openRouter({ baseURL: '${fake.baseURL}',`);
}

function stubKeys(code: string): void {
  for (const [, name = ''] of code.matchAll(/process\.env\.(\w+_API_KEY)/g)) {
    vi.stubEnv(name, canaries.apiKey);
  }
}

describe('docs/hosts', () => {
  it('every page has a test', () => {
    const names = pages.filter((page) => page.startsWith('docs/hosts/'));
    expect(names).toEqual(Object.keys(HOSTS).map((name) => `docs/hosts/${name}.md`));
  });

  it.each(Object.entries(HOSTS))('%s.md serves a call', async (name, [dialect, model]) => {
    await using world = await startWorld(`host-${name}`);
    await using fake = await fakeOpenAI({ dialect });
    const [code = ''] = codeOf(`docs/hosts/${name}.md`);
    stubKeys(code);
    const { guard } = (await world.run('host', atFake(code, fake))) as { guard: Guard };
    const input = { role: 'user', content: 'How deep is the sea?' };
    const isResponses = dialect === 'xai';
    const body = isResponses ? { model, input: [input] } : { model, messages: [input] };
    const path = isResponses ? '/v1/responses' : '/v1/chat/completions';
    const answer = await post(guard, await tokenOf(guard), body, path);
    expect(answer.status).toBe(200);
    await answer.text();
    expect(fake.invoice).toHaveLength(1);
    await guard.close({ graceMs: 0 });
  });

  it('docs/hosts.md sends each model to its host, and fields to the hosts that take them', async () => {
    await using world = await startWorld('hosts');
    await using fake = await fakeOpenAI({ dialect: 'vllm' });
    const [code = ''] = codeOf('docs/hosts.md');
    const at = code
      .replace(/(?<=baseURL: ')[^']+/, fake.baseURL)
      .replace('openAI({', `openAI({ baseURL: '${world.fake.baseURL}',`);
    const { guard } = (await world.run('hosts', at)) as { guard: Guard };
    const token = await tokenOf(guard);
    const chat = { messages: [{ role: 'user', content: 'hi' }], top_k: 4 };
    const local = await post(guard, token, { ...chat, model: 'my-llama' });
    const main = await post(guard, token, { ...chat, model: 'gpt-5-mini' });
    expect([local.status, main.status]).toEqual([200, 400]);
    expect(await main.text()).toContain('is not taken by OpenAI');
    await local.text();
    expect(fake.requests[0]?.body).toMatchObject({ top_k: 4, max_tokens: 16_384 });
    expect(fake.requests[0]?.headers).toContainEqual(['x-team', 'app']);
    await guard.close({ graceMs: 0 });
  });
});
