import { describe, expect, it } from 'vitest';
import type { Authenticator } from '../../src/auth/index.ts';
import type { Guard } from '../../src/index.ts';
import { chat, MODEL, post, startFixture } from '../fixture.ts';
import { blocksOf, codeOf, OWN_LEDGER_PAGE, pages, read, STORE_PAGE } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

/**
 * How many blocks of TypeScript each page has, so that every block is covered by the tests below.
 */
const expected: Readonly<Record<string, number>> = {
  'README.md': 5,
  'docs/agents.md': 4,
  'docs/auth.md': 11,
  'docs/billing.md': 3,
  'docs/deployment.md': 1,
  'docs/hooks.md': 4,
  'docs/hosted-tools.md': 1,
  'docs/hosts.md': 1,
  'docs/hosts/azure-openai.md': 1,
  'docs/hosts/deepseek.md': 1,
  'docs/hosts/gemini.md': 1,
  'docs/hosts/groq.md': 1,
  'docs/hosts/mistral.md': 1,
  'docs/hosts/ollama.md': 1,
  'docs/hosts/open-router.md': 1,
  'docs/hosts/vllm.md': 1,
  'docs/hosts/xai.md': 1,
  'docs/errors.md': 1,
  'docs/groups.md': 2,
  'docs/keys.md': 2,
  'docs/limits.md': 2,
  'docs/own-session.md': 3,
  'docs/plans.md': 3,
  'docs/prices.md': 2,
  'docs/serverless.md': 4,
  'docs/show-what-is-left.md': 3,
  'docs/testing-your-app.md': 3,
  'docs/tokens.md': 4,
  'docs/upstreams.md': 2,
  'docs/adapters.md': 6,
  'docs/frameworks.md': 3,
  'docs/abuse.md': 3,
  'docs/operating.md': 5,
  [STORE_PAGE]: 2,
  'docs/ledgers/memory.md': 1,
  'docs/ledgers/postgres.md': 2,
  'docs/ledgers/redis.md': 1,
  'docs/ledgers/sqlite.md': 1,
  [OWN_LEDGER_PAGE]: 2,
};
const LANGUAGES = new Set([
  'ts',
  'js',
  'mermaid',
  'sh',
  'sql',
  'json',
  'dart',
  'swift',
  'kotlin',
  'nginx',
  'dockerfile',
  '',
]);

it.each(pages)('%s has the expected number of blocks in known languages', (page) => {
  expect(codeOf(page)).toHaveLength(expected[page] ?? 0);
  for (const { language } of blocksOf(page)) expect(LANGUAGES).toContain(language);
  const fences = read(page).match(/^```/gm) ?? [];
  expect(fences).toHaveLength(blocksOf(page).length * 2);
});

it('docs/limits.md shows every kind of limit, and each one applies', async () => {
  await using world = await startWorld('limits');
  const { guard } = (await world.run('limits', codeOf('docs/limits.md')[0] ?? '')) as {
    guard: Guard;
  };
  const { limits } = await guard.users.usage('ada');
  expect(limits.map(({ name }) => name)).toEqual([
    'requests-24h',
    'requests-minute',
    'usd-month',
    'at-once',
  ]);
  await guard.close();
});

describe('docs/auth.md', () => {
  const authBlocks = codeOf('docs/auth.md').map((code) => {
    return [/auth = (\w+)/.exec(code)?.[1] ?? '', code] as const;
  });

  it.each(authBlocks)(
    'The %s example starts and rejects a call with an invalid token',
    async (name, code) => {
      await using world = await startWorld(`auth-${name}`);
      const { auth } = (await world.run('login', code)) as { auth: Authenticator };
      await using fixture = await startFixture({ auth });
      for (const token of ['opaque', 'a.b.c']) {
        const answer = await post(fixture.guard, token, chat());
        expect([answer.status, answer.headers.get('x-guard-code')]).toEqual([
          401,
          'invalid_credential',
        ]);
      }
      expect(fixture.failed).toEqual([]);
    },
  );
});

describe('docs/adapters.md', () => {
  const blocks = codeOf('docs/adapters.md');
  const hosts = blocks.slice(0, 5).map((code) => [/from '([\w/@-]+)'/.exec(code)?.[1], code]);

  it.each(hosts)('The adapter example for %s serves the guard', async (host = '', code = '') => {
    await using world = await startWorld(`adapter-${host.replaceAll(/\W/g, '-')}`);
    await world.run('backend', code);
    const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
    const { value } = await guard.tokens.issue({ user: 'ada' });
    const authorization = `Bearer ${value}`;
    const models = await fetch(`${world.origin}/v1/models`, { headers: { authorization } });
    expect(await models.json()).toMatchObject({ data: [{ id: MODEL }] });
    await guard.close();
  });

  it('The web example returns a response to a web Request', async () => {
    await using world = await startWorld('adapter-web');
    await world.run('web', `${blocks[5]}\nexport { response };`);
    const { response } = (await world.beside('web.ts')) as { response: Response };
    expect(response.status).toBe(401);
  });
});
