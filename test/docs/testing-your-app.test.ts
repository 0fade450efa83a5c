import { afterAll, describe, expect, it } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { openAIErrors } from '../../src/testing/index.ts';
import { codeOf, read } from './markdown.ts';
import { startWorld } from './run-blocks.ts';

const PAGE = 'docs/testing-your-app.md';
const [, tests = '', time = ''] = codeOf(PAGE);

const world = await startWorld('testing-your-app');
afterAll(() => world[Symbol.asyncDispose]());

describe(`${PAGE}: the tests of the example`, async () => {
  // Importing the block registers its tests here.
  await world.run('app.test', tests);
});

it(`${PAGE}: the example of time moves a quota on by a day`, async () => {
  const { guard } = (await world.run('time', time)) as { guard: Guard };
  expect((await guard.users.usage('ada')).limits).toMatchObject([{ used: 1, limit: 1 }]);
  await guard.close();
});

it(`${PAGE} names only errors of OpenAI that the fake has`, () => {
  const named = [...read(PAGE).matchAll(/openAIErrors\.(\w+)/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(0);
  for (const name of named) expect(Object.keys(openAIErrors)).toContain(name);
});
