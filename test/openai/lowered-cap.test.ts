import { describe, expect, it } from 'vitest';
import type { LimitSpec } from '../../src/index.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { build, policyOf } from './building.ts';

const plan = { models: [MODEL], maxOutputTokens: 1_000 };
const limits: readonly LimitSpec[] = [{ outputTokens: 400, per: 'day' }];
const HEADER = 'x-guard-max-output-tokens';

async function shownCap(more: object, own: readonly LimitSpec[] = []) {
  await using fixture = await startFixture({ plans: { free: { ...plan, limits: own } } });
  const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat({ ...more }));
  await answer.text();
  const [request] = fixture.fake.requests;
  const shown = answer.headers.get(HEADER);
  return { status: answer.status, shown, sent: Object(request?.body).max_completion_tokens };
}

describe('A lowered output cap', () => {
  it.each([
    ['whole', {}],
    ['streamed', { stream: true }],
  ])(
    'A %s answer says to which cap the plan lowered what its client asked for',
    async (_, more) => {
      const asked = await shownCap({ ...more, max_completion_tokens: 5_000 });
      expect(asked).toEqual({ status: 200, shown: '1000', sent: 1_000 });
    },
  );

  it('An answer says to which cap the rest of a limit lowered what its client asked for', async () => {
    const lowered = await shownCap({ max_tokens: 900 }, limits);
    expect(lowered).toEqual({ status: 200, shown: '400', sent: 400 });
  });

  it('A client whose cap is kept, or who sent none, gets no header of a lowered cap', async () => {
    expect(await shownCap({ max_tokens: 900 })).toMatchObject({ shown: null, sent: 900 });
    expect(await shownCap({})).toMatchObject({ shown: null, sent: 1_000 });
    expect(await shownCap({}, limits)).toMatchObject({ shown: null, sent: 400 });
  });
});

describe('The cap where neither the client nor the plan sets one', () => {
  it('It is 16,384 tokens, reasoning included', async () => {
    await using fixture = await startFixture({ plans: { free: { models: [MODEL] } } });
    await (await post(fixture.guard, await tokenOf(fixture.guard), chat())).text();
    expect(fixture.fake.requests[0]?.body).toMatchObject({ max_completion_tokens: 16_384 });
  });

  it.each([
    ['gpt-4o-mini', 16_384],
    ['gpt-4-turbo-2024-04-09', 4_096],
    ['gpt-4o-2024-05-13', 4_096],
    ['gpt-4o-2024-08-06', 16_384],
    ['ft:gpt-3.5-turbo-0125:acme::1', 4_096],
  ])('For %s it is %i tokens, which OpenAI takes', (model, tokens) => {
    const policy = policyOf({ maxOutputTokens: 16_384 });
    const { body } = build('chat.completions', { model }, policy);
    expect(body).toMatchObject({ max_completion_tokens: tokens });
  });
});
