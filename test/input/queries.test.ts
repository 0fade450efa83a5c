import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, MODEL, startFixture, tokenOf } from '../fixture.ts';

let fixture: Fixture;
let token: string;
beforeAll(async () => {
  fixture = await startFixture();
  token = await tokenOf(fixture.guard);
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function ask(path: string, body?: object) {
  const response = await fixture.guard.handler(
    new Request(`http://app.test/v1${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    }),
  );
  return { status: response.status, answer: JSON.parse(await response.text()) };
}

const question = { model: MODEL, input: 'hi' };
const chat = { model: MODEL, messages: [] };

describe('The query of a call', () => {
  it('What the SDK sends for its beta of Responses is accepted, and not sent on', async () => {
    const { status } = await ask('/responses?beta=true', question);
    expect(status).toBe(200);
    expect(fixture.fake.requests.at(-1)?.url).toBe('/v1/responses');
  });

  it.each(['limit=10', 'after=gpt-5', 'order=asc&limit=2', 'limit=10&', ''])(
    'The list of models is the same with the query "%s"',
    async (query) => {
      expect(await ask(`/models?${query}`)).toEqual(await ask('/models'));
    },
  );

  it.each([
    ['/models?beta=true', undefined, 'beta'],
    ['/models?limit=1&debug=1', undefined, 'debug'],
    ['/responses?limit=1', question, 'limit'],
    ['/responses?%62eta=true', question, '%62eta'],
    ['/chat/completions?key=sk-1', chat, 'key'],
  ])('The query of %s is refused by name, with what to do', async (path, body, param) => {
    const { status, answer } = await ask(path, body);
    expect([status, answer.error.code, answer.error.param]).toEqual([
      400,
      'parameter_not_allowed',
      param,
    ]);
    expect(answer.error.message).toBe(
      `Remove the query parameter "${param}": it is not accepted here.`,
    );
  });

  it('A client that comes from Azure learns which parameter to leave out', async () => {
    const { answer } = await ask('/chat/completions?api-version=2025-04-01-preview', chat);
    expect(answer.error).toMatchObject({
      param: 'api-version',
      message: expect.stringMatching(/^Remove the query parameter "api-version": it is Azure's/),
    });
  });

  it('A very long name is shortened', async () => {
    const { answer } = await ask(`/models?${'x'.repeat(5_000)}`);
    expect(answer.error.param).toBe('x'.repeat(64));
  });
});
