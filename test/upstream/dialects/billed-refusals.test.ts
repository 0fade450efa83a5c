import { describe, expect, it } from 'vitest';
import { createGuardedCompletion } from '../../../src/index.ts';
import { fakeOpenAI } from '../../../src/testing/index.ts';
import { canaries } from '../../canary.ts';
import { chat, post, tokenOf } from '../../fixture.ts';
import { hostsUnderTest, KEY } from './hosts-under-test.ts';
import { UNSAFE } from './refused-content.ts';

interface Billed {
  readonly title: string;
  readonly status: number;
  readonly body: object;
  /** What is charged at least, in USD. */
  readonly leastUsd: number;
  readonly outputTokens: number;
}

const CAP = 100;
const billed: readonly Billed[] = [
  {
    title: 'Azure, v1',
    status: 400,
    body: { error: { message: 'The response was filtered', code: 'content_filter' } },
    leastUsd: 1e-6,
    outputTokens: 0,
  },
  {
    title: 'Azure, classic',
    status: 408,
    body: { error: { message: 'The operation was timeout.', code: 'Timeout' } },
    leastUsd: 1e-5,
    outputTokens: CAP,
  },
  { title: 'xAI', status: 403, body: UNSAFE, leastUsd: 0.05, outputTokens: CAP },
  {
    title: 'Groq',
    status: 400,
    body: { error: { message: 'Failed to generate JSON.', code: 'json_validate_failed' } },
    leastUsd: 1e-6,
    outputTokens: CAP,
  },
];

/** A guard in front of a host, with a limit in US dollars. */
async function limited(title: string, usd: number) {
  const host = hostsUnderTest.find((one) => one.title === title);
  if (host === undefined) throw new Error(title);
  const fake = await fakeOpenAI({ dialect: host.dialect, apiKeys: [KEY] });
  const guard = createGuardedCompletion({
    logger: false,
    upstreams: { main: host.specFor(fake) },
    secret: canaries.secret,
    plans: {
      free: { models: [host.model], maxOutputTokens: CAP, limits: [{ usd, per: 'day' }] },
    },
  });
  const settled: { outputTokens: number; costNanoUsd: number }[] = [];
  guard.on('settled', (event) => void settled.push(event));
  return {
    fake,
    settled,
    ask: async () => {
      const answer = await post(guard, await tokenOf(guard), { ...chat(), model: host.model });
      return { status: answer.status, text: await answer.text() };
    },
    usedUsd: async () => (await guard.users.usage('ada')).limits[0]?.used,
    async [Symbol.asyncDispose]() {
      await guard.close({ graceMs: 0 });
      await fake.close();
    },
  };
}

describe('a refusal that is billed', () => {
  it.each(billed)('by $title ($status) is charged', async (refused) => {
    const { title, status, body, leastUsd, outputTokens } = refused;
    await using served = await limited(title, 1);
    served.fake.script(/./, { reply: { status, body: JSON.stringify(body) } });
    expect((await served.ask()).status).toBe(status);
    expect(served.settled).toMatchObject([{ outputTokens }]);
    expect(await served.usedUsd()).toBeGreaterThanOrEqual(leastUsd);
  });

  it('is held before: a call of xAI needs room for its fee', async () => {
    await using served = await limited('xAI', 0.05);
    expect((await served.ask()).status).toBe(400);
    expect(served.fake.requests).toEqual([]);
  });

  it('costs nothing that an answer does not', async () => {
    await using served = await limited('xAI', 1);
    expect((await served.ask()).status).toBe(200);
    const { costUsd = 0 } = served.fake.totals();
    expect(await served.usedUsd()).toBeCloseTo(costUsd, 9);
  });
});
