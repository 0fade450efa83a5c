import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { codeOf } from './markdown.ts';
import { startWorld, type World } from './run-blocks.ts';

const call = { reasoningTokens: 40, toolCalls: [{ name: 'depth', arguments: {} }] };
const last = { reasoningTokens: 20, text: 'It is 11 km deep.' };

type Ask = (history: unknown[], question: string) => Promise<string>;

/** A tool loop, and a second question to the same history. */
async function expectTwoTurns({ fake, beside }: World, ask: Ask) {
  for (const script of [call, last, last]) fake.scriptNext(script);
  const history: unknown[] = [];
  expect(await ask(history, 'How deep is the sea?')).toBe(last.text);
  expect(await ask(history, 'And in feet?')).toBe(last.text);
  const bodies = fake.requests.map(({ body }) => body as Record<string, unknown>);
  expect(bodies).toHaveLength(3);
  for (const body of bodies) {
    expect(body).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
  }
  const { guard } = (await beside('guard.ts')) as { guard: Guard };
  await guard.close();
}

afterEach(() => void vi.restoreAllMocks());

describe('docs/agents.md', () => {
  const [sdk = '', agents = '', langchain = '', ai = ''] = codeOf('docs/agents.md');

  it.each([
    ['official SDK', sdk],
    ['Agents SDK', agents],
    ['LangChain', langchain],
    ['AI SDK', ai],
  ])('The block of the %s runs a tool loop and a second question', async (name, code) => {
    await using world = await startWorld(`agents-${name.replace(' ', '-')}`);
    const { ask } = (await world.run('agent', code)) as { ask: Ask };
    await expectTwoTurns(world, ask);
  });

  it('README.md shows the AI SDK in a way that works for a tool loop and a second question', async () => {
    await using world = await startWorld('agents-readme');
    const shown = codeOf('README.md').find((code) => code.includes('createOpenAI')) ?? '';
    const { models } = (await world.run('shown', `${shown}\nexport { models };`)) as {
      models: object;
    };
    // The block of the page asks with the provider of README.
    const asking = ai.replace(/^const openai = .*?^}\);$/ms, 'const openai = readme.models;');
    expect(asking).not.toContain('wrapProvider({');
    const { ask } = (await world.run(
      'agent',
      `import * as readme from './shown.ts';\n${asking}`,
    )) as { ask: Ask };
    expect(models).toBeDefined();
    await expectTwoTurns(world, ask);
  });
});
