import { afterEach, expect, it, vi } from 'vitest';
import { blocksOf, programsOf } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

const endUserOf = (body: unknown) => (body as { safety_identifier?: string }).safety_identifier;

/** What the programs of the page print. */
function spyOnConsole() {
  const printed: unknown[][] = [];
  const failures = vi.spyOn(console, 'error').mockImplementation(() => {});
  vi.spyOn(console, 'log').mockImplementation((...facts) => void printed.push(facts));
  return { printed, failures };
}

afterEach(() => void vi.restoreAllMocks());

it('The blocks of README.md run as they stand, from top to bottom', async () => {
  await using world = await startWorld('readme');
  const { printed, failures } = spyOnConsole();
  const [guard = '', ...others] = programsOf('README.md');
  await world.run('guard', guard);
  for (const [index, block] of others.entries()) await world.run(`block-${index}`, block);
  expect(printed.length).toBeGreaterThan(0);
  expect(failures).not.toHaveBeenCalled();
  // One call from the app, one from the server. OpenAI saw one user, under a pseudonymous id.
  expect(world.fake.invoice).toHaveLength(2);
  const users = new Set(world.fake.requests.map(({ body }) => endUserOf(body)));
  expect(users.size).toBe(1);
  expect([...users][0]).toMatch(/^[\w-]{43}$/);
});

it('The program of README.md that needs no key answers two calls and denies the third', async () => {
  await using world = await startWorld('try-it');
  const { printed } = spyOnConsole();
  const [program] = blocksOf('README.md').filter(({ language }) => language === 'js');
  await world.run('server', `${program?.code}\nexport { openai };`);
  const [command = ''] = printed.flat().map(String);
  const [, token] = /Bearer ([\w-]+)/.exec(command) ?? [];
  const [, body] = /-d '(.*)'$/.exec(command) ?? [];
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const statuses: number[] = [];
  for (let call = 0; call < 3; call += 1) {
    const url = `${world.origin}/v1/chat/completions`;
    const response = await fetch(url, { method: 'POST', headers, body: body ?? '' });
    statuses.push(response.status);
    await response.text();
  }
  expect(command).toContain(
    `curl http://localhost:${new URL(world.origin).port}/v1/chat/completions`,
  );
  expect(statuses).toEqual([200, 200, 429]);
});
