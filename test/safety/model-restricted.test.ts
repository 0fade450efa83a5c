import { describe, expect, it } from 'vitest';
import { errorReply, type Reply } from '../../src/testing/index.ts';
import { limitCounts } from '../attacks/served.ts';
import { chat, codeOf, MODEL, post, tokenOf } from '../fixture.ts';
import { type SafetyFixture, startSafety } from './notices.ts';

const OTHER = 'gpt-4o';
const MINUTE_MS = 60_000;
const plans = {
  free: { models: ['*'], maxOutputTokens: 100, limits: [{ requests: 10, per: '24h' }] },
};
/** What OpenAI wrote to many users in March 2026, and took back the same day. */
const SEEN = {
  type: 'invalid_request',
  code: 'cyber_policy_violation',
  message: `This user's access to ${MODEL} has been temporarily limited for potentially suspicious activity.`,
  param: 'safety_identifier',
};
const { param: _, ...WITHOUT_PARAM } = SEEN;

const event = (type: string, data: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const stream = (body: string): Reply => ({
  body,
  headers: { 'content-type': 'text/event-stream' },
});
const status = (code: number, error: object): Reply => ({ status: code, body: { error } });

interface Form {
  readonly name: string;
  readonly reply: Reply;
  readonly path: string;
  readonly body: Record<string, unknown>;
}
const CHAT = { path: '/v1/chat/completions', body: chat() };
const TEXT = { path: '/v1/completions', body: { model: MODEL, prompt: 'hi' } };
const RESPONSES = { path: '/v1/responses', body: { model: MODEL, input: 'hi' } };
const streamed = { stream: true };

const forms: readonly Form[] = [
  { name: 'status 400', reply: status(400, SEEN), ...CHAT },
  { name: 'status 403', reply: status(403, SEEN), ...RESPONSES },
  { name: 'status 429', reply: status(429, SEEN), ...CHAT },
  { name: 'the code of the guide', reply: status(400, { ...SEEN, code: 'cyber_policy' }), ...CHAT },
  { name: 'no param', reply: status(403, WITHOUT_PARAM), ...RESPONSES },
  { name: 'no code', reply: status(403, { ...SEEN, code: null }), ...CHAT },
  {
    name: 'another code',
    reply: errorReply(403, 'invalid_request', 'access_limited', 'No.', 'safety_identifier'),
    ...CHAT,
  },
  {
    name: 'the first event of a chat',
    reply: stream(`data: ${JSON.stringify({ error: SEEN })}\n\n`),
    path: CHAT.path,
    body: { ...CHAT.body, ...streamed },
  },
  {
    name: 'the first event of a completion',
    reply: stream(`data: ${JSON.stringify({ error: SEEN })}\n\n`),
    path: TEXT.path,
    body: { ...TEXT.body, ...streamed },
  },
  ...[
    ['a wrapped event', event('error', { error: SEEN })],
    ['a flat event', event('error', { ...SEEN, type: 'error' })],
    ['a failed response', event('response.failed', { response: { error: WITHOUT_PARAM } })],
  ].map(([name = '', body = '']) => ({
    name,
    reply: stream(body),
    path: RESPONSES.path,
    body: { ...RESPONSES.body, ...streamed },
  })),
  { name: 'a whole answer', reply: { body: { error: SEEN } }, ...CHAT },
  {
    name: 'a whole failed response',
    reply: { body: { object: 'response', status: 'failed', error: WITHOUT_PARAM, output: [] } },
    ...RESPONSES,
  },
];

const begin = async (fixture: SafetyFixture, { reply, path, body }: Form) => {
  fixture.fake.scriptNext({ reply });
  return post(fixture.guard, await tokenOf(fixture.guard), body, path);
};
const [FIRST] = forms as [Form];

describe('A user whose use of a model OpenAI restricts', () => {
  it.each(forms)(
    'The call is refused, and the model is paused for that user: $name',
    async (form) => {
      await using fixture = await startSafety({ plans });
      const { guard, fake } = fixture;
      const answer = await begin(fixture, form);
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'model_restricted']);
      expect(Number(answer.headers.get('x-guard-reset'))).toBeGreaterThan(Date.now() / 1_000);
      const again = await post(guard, await tokenOf(guard), form.body, form.path);
      expect([again.status, await codeOf(again)]).toEqual([403, 'model_restricted']);
      expect(fake.requests).toHaveLength(1);
      expect(fixture.noticed).toEqual([
        expect.objectContaining({ kind: 'restricted', userId: 'ada', model: MODEL }),
      ]);
      expect(fixture.blocked).toEqual([]);
      const upstream = { kind: 'refused', causedByRequest: true };
      expect(fixture.failed).toMatchObject([{ source: 'upstream', upstream }]);
      await expect.poll(() => limitCounts(guard, 'ada')).toEqual({ used: 1, held: 0 });
    },
  );

  it('Other models of the user and the same model of other users are served', async () => {
    await using fixture = await startSafety({ plans });
    const { guard } = fixture;
    await begin(fixture, FIRST);
    const other = await post(guard, await tokenOf(guard), chat({ model: OTHER }));
    const bob = await post(guard, await tokenOf(guard, 'bob'), chat());
    expect([other.status, bob.status]).toEqual([200, 200]);
  });

  it('A pause ends by itself after ten minutes', async () => {
    let nowMs = Date.now();
    await using fixture = await startSafety({ plans, clock: { nowMs: () => nowMs } });
    const { guard } = fixture;
    await begin(fixture, FIRST);
    nowMs += 10 * MINUTE_MS - 1;
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(403);
    nowMs += 1;
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
  });

  it('users.unblock ends a pause at once', async () => {
    await using fixture = await startSafety({ plans });
    const { guard } = fixture;
    await begin(fixture, FIRST);
    await guard.users.unblock('ada');
    expect((await post(guard, await tokenOf(guard), chat())).status).toBe(200);
  });

  it('Calls that are refused at the same time cause one event', async () => {
    await using fixture = await startSafety({ plans });
    const { guard, fake } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate, reply: status(403, SEEN) }, 5);
    const token = await tokenOf(guard);
    const calls = Array.from({ length: 5 }, () => post(guard, token, chat()));
    await fake.received(5);
    gate.open();
    for (const answer of await Promise.all(calls)) expect(answer.status).toBe(403);
    expect(fixture.noticed).toHaveLength(1);
  });

  it('An error event behind a part of the answer passes unchanged, and pauses the model', async () => {
    await using fixture = await startSafety({ plans });
    const { guard, fake } = fixture;
    fake.scriptNext({ break: { with: 'error-event', afterChunks: 3, error: SEEN } });
    const answer = await post(guard, await tokenOf(guard), chat({ stream: true }));
    expect(await answer.text()).toContain(JSON.stringify(SEEN));
    await expect.poll(() => fixture.noticed.length).toBe(1);
    const again = await post(guard, await tokenOf(guard), chat());
    expect(await codeOf(again)).toBe('model_restricted');
  });
});
