import { describe, expect, it } from 'vitest';
import { openAIErrors } from '../../../src/testing/fake-openai/error-replies.ts';
import { codeOf, type Fixture, post, startFixture, tokenOf } from '../../fixture.ts';

/** Not a text, so that neither its bytes nor its pages bound its tokens. */
const PDF = `data:application/pdf;base64,${Buffer.from(`%PDF-1.7\n${'\0'.repeat(300)}`).toString('base64')}`;

const asks = (more: Record<string, unknown> = {}, file: Record<string, unknown> = {}) => ({
  model: 'gpt-5-mini',
  input: [
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'What is this about?' },
        { type: 'input_file', filename: 'a.pdf', file_data: PDF, ...file },
      ],
    },
  ],
  ...more,
});

const start = (tokens: number, more: Parameters<typeof startFixture>[0] = {}) =>
  startFixture({
    plans: {
      free: {
        models: ['gpt-5-mini'],
        maxOutputTokens: 100,
        limits: [{ tokens, per: 'day' }],
        allow: { files: {}, hostedTools: { web_search: TOOL }, stateful: {} },
      },
    },
    ...more,
  });
const TOOL = { usdPerCall: 0.01, maxCalls: 1, inputTokensPerCall: 100 };

async function respond({ guard }: Fixture, body: unknown): Promise<Response> {
  return post(guard, await tokenOf(guard), body, '/v1/responses');
}

const paths = ({ fake }: Fixture) => fake.requests.map(({ url }) => url);

describe('A response that reads a file', () => {
  it('is counted by OpenAI when its bound does not fit, and then sent and charged what it used', async () => {
    await using fixture = await start(5_000);
    const answer = await respond(fixture, asks({ temperature: 1, store: false }));
    expect(answer.status).toBe(200);
    await answer.text();
    expect(paths(fixture)).toEqual(['/v1/responses/input_tokens', '/v1/responses']);
    expect(fixture.fake.totals().calls).toBe(1);
    await expect.poll(() => fixture.settled).toHaveLength(1);
    expect(fixture.settled[0]?.inputTokens).toBe(fixture.fake.totals().inputTokens);
  });

  it('is not counted when its bound fits', async () => {
    await using fixture = await start(10_000_000);
    await (await respond(fixture, asks())).text();
    expect(paths(fixture)).toEqual(['/v1/responses']);
  });

  it('is denied by what OpenAI counted when that does not fit either', async () => {
    await using fixture = await start(200);
    const answer = await respond(fixture, asks());
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    expect([answer.status, error['code']]).toEqual([400, 'call_exceeds_limit']);
    expect(error['limits']).toMatchObject([{ limit: 200, needed: expect.any(Number) }]);
    expect(paths(fixture)).toEqual(['/v1/responses/input_tokens']);
    expect(fixture.fake.totals().calls).toBe(0);
  });

  it.each([
    ['an error', { reply: openAIErrors.serverError() }],
    ['a rate limit', { reply: openAIErrors.rateLimited() }],
    ['another answer', { reply: { body: { object: 'response.input_tokens' } } }],
    ['a number that is none', { reply: { body: { input_tokens: -1 } } }],
  ])('keeps its bound when the count is %s', async (_, script) => {
    await using fixture = await start(5_000);
    fixture.fake.scriptNext(script);
    const answer = await respond(fixture, asks());
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'call_exceeds_limit']);
    expect(paths(fixture)).toEqual(['/v1/responses/input_tokens']);
    expect(fixture.fake.totals().calls).toBe(0);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a hosted tool', { tools: [{ type: 'web_search' }] }],
    ['an earlier response', { previous_response_id: 'resp_1' }],
    ['a conversation', { conversation: 'conv_1' }],
  ])('is not counted with %s', async (_, more) => {
    await using fixture = await start(5_000);
    expect((await respond(fixture, asks(more))).status).toBe(400);
    expect(paths(fixture)).toEqual([]);
  });

  it('is not counted where counting is switched off', async () => {
    await using fixture = await start(5_000, { countTokens: false });
    expect((await respond(fixture, asks())).status).toBe(400);
    expect(paths(fixture)).toEqual([]);
  });
});
