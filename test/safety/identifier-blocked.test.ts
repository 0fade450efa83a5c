import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Events, type SafetyEvent } from '../../src/core/events.ts';
import { memoryLedger } from '../../src/index.ts';
import { errorReply, openAIErrors } from '../../src/testing/index.ts';
import { createIdentifierBlock, IDENTIFIER_BLOCKED } from '../../src/users/identifier-block.ts';
import { UserStates } from '../../src/users/user-states.ts';
import { chat, codeOf, MODEL, post, tokenOf } from '../fixture.ts';
import { endUserIdOf, startSafety } from './notices.ts';

const plans = {
  free: { models: [MODEL], maxOutputTokens: 100, limits: [{ requests: 10, per: '24h' }] },
};
const BLOCKED = {
  type: 'invalid_request',
  code: 'identifier_blocked',
  message: 'This user’s access has been limited.',
  param: 'safety_identifier',
};
const endpoints = [
  { name: 'chat', path: '/v1/chat/completions', body: chat() },
  { name: 'responses', path: '/v1/responses', body: { model: MODEL, input: 'hi' } },
];
const requests = (guard: Parameters<typeof tokenOf>[0], user = 'ada') =>
  guard.users.usage(user).then(({ limits }) => [limits[0]?.used, limits[0]?.held]);

describe.each(endpoints)('A user whom OpenAI no longer serves, on $name', ({ path, body }) => {
  it.each([false, true])('OpenAI’s refusal blocks the user here, stream: %s', async (stream) => {
    await using fixture = await startSafety({ plans });
    const { fake, guard } = fixture;
    const endUserId = await endUserIdOf(fixture);
    await expect.poll(() => requests(guard)).toEqual([1, 0]);
    fake.blockIdentifier(endUserId);
    const token = await tokenOf(guard);
    const sent = fake.requests.length + 1;
    for (let call = 0; call < 3; call += 1) {
      const answer = await post(guard, token, { ...body, stream }, path);
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'user_blocked']);
    }
    expect(fake.requests).toHaveLength(sent);
    await expect.poll(() => requests(guard)).toEqual([2, 0]);
    expect(fixture.noticed).toEqual([
      {
        kind: 'identifier_blocked',
        userId: 'ada',
        endUserId,
        reason: expect.stringContaining('limited'),
        caseId: undefined,
      },
    ]);
    const others = await post(guard, await tokenOf(guard, 'bob'), { ...body, stream }, path);
    expect(others.status).toBe(200);
    await others.text();
  });

  it('An error event in a stream blocks the user, and the stream passes unchanged', async () => {
    await using fixture = await startSafety({ plans });
    const { fake, guard } = fixture;
    fake.scriptNext({ break: { with: 'error-event', afterChunks: 3, error: BLOCKED } });
    const token = await tokenOf(guard);
    const text = await (await post(guard, token, { ...body, stream: true }, path)).text();
    expect(text).toContain(JSON.stringify(BLOCKED.message));
    expect(text).not.toContain('user_blocked');
    await expect.poll(() => fixture.blocked.length).toBe(1);
    const denied = await post(guard, token, body, path);
    expect([denied.status, await codeOf(denied)]).toEqual([403, 'user_blocked']);
    expect(fake.requests).toHaveLength(1);
    expect(fixture.noticed).toMatchObject([{ userId: 'ada', reason: BLOCKED.message }]);
    await expect.poll(() => requests(guard)).toEqual([1, 0]);
  });
});

const blockedEvents: Record<string, (error: object) => string> = {
  'a wrapped error': (error) => event('error', { type: 'error', error }),
  'a flat error': (error) => event('error', { ...error, type: 'error' }),
  'a failed response': (error) => event('response.failed', { response: { error } }),
};
const event = (type: string, data: object) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

describe.each(Object.entries(blockedEvents))('A blocked identifier in %s', (_form, form) => {
  const start = async (body: string) => {
    const fixture = await startSafety({ plans });
    const headers = { 'content-type': 'text/event-stream' };
    fixture.fake.scriptNext({ reply: { headers, body } });
    const asked = { model: MODEL, input: 'hi', stream: true };
    const answer = post(fixture.guard, await tokenOf(fixture.guard), asked, '/v1/responses');
    return { ...fixture, answer: await answer };
  };
  const { param: _, ...error } = BLOCKED;

  it('The first event of a stream blocks the user as a status does', async () => {
    await using call = await start(form(error));
    expect([call.answer.status, await codeOf(call.answer)]).toEqual([403, 'user_blocked']);
    expect(call.blocked).toHaveLength(1);
  });

  it('A later event of a stream blocks the user, and the stream passes unchanged', async () => {
    const body = event('response.created', { response: { error: null } }) + form(error);
    await using call = await start(body);
    expect(await call.answer.text()).toBe(body);
    await expect.poll(() => call.blocked.length).toBe(1);
  });
});

describe('Errors that block a user', () => {
  const message = 'Something about the request.';
  const error = (
    status: number,
    code: string | null,
    text = message,
    param: string | null = null,
  ) => errorReply(status, 'invalid_request', code, text, param);

  it.each([
    ['the code identifier_blocked', error(403, 'identifier_blocked')],
    ['its words in the message', error(400, null, 'The safety identifier has been blocked.')],
    ['the words of OpenAI’s guide', error(400, null, 'Error: identifier blocked')],
    ['its code with status 429', error(429, 'identifier_blocked', message, 'safety_identifier')],
    ['its code with the older field', error(400, 'identifier_blocked', message, 'user')],
  ])('OpenAI’s error blocks the user: %s', async (_, reply) => {
    await using fixture = await startSafety({ plans });
    fixture.fake.scriptNext({ reply });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'user_blocked']);
    expect(fixture.blocked).toHaveLength(1);
    const upstream = { kind: 'refused', causedByRequest: true };
    expect(fixture.failed).toMatchObject([{ source: 'upstream', upstream }]);
  });

  it.each([
    ['an unknown field', error(400, 'unknown_parameter', message, BLOCKED.param)],
    ['a field in the wrong form', error(400, 'string_above_max_length', message, BLOCKED.param)],
    ['a field without a code', error(400, null, 'Unrecognized argument.', BLOCKED.param)],
    ['content that a policy forbids', error(400, 'content_policy_violation')],
    [
      'words that the user chose',
      error(400, 'invalid_value', 'No tool "identifier blocked"', 'tools'),
    ],
    ['a server error of OpenAI', error(500, 'identifier_blocked')],
    ['an error about the operator’s account', error(401, 'identifier_blocked')],
  ])('OpenAI’s error does not block the user: %s', async (_, reply) => {
    await using fixture = await startSafety({ plans });
    fixture.fake.scriptNext({ reply });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(await codeOf(answer)).not.toBe('user_blocked');
    expect([fixture.blocked, fixture.noticed]).toEqual([[], []]);
    expect((await post(fixture.guard, await tokenOf(fixture.guard), chat())).status).toBe(200);
  });
});

describe('A user with many refused calls', () => {
  const tell = async (before?: { reason: string }) => {
    const ledger = memoryLedger();
    await using fixture = await startSafety({ ledger, plans });
    const { users } = fixture.guard;
    if (before !== undefined) await users.block('ada', before);
    const safety: SafetyEvent[] = [];
    const events = new Events();
    events.on('safety', (event) => void safety.push(event));
    const states = new UserStates(ledger.records);
    const block = createIdentifierBlock({ users, states, events, clock: systemClock });
    const told = { userId: 'ada', endUserId: 'tag', message: 'x'.repeat(10_000) };
    await Promise.all([block(told), block(told), block(told)]);
    await block(told);
    states.close();
    return { safety, blocked: fixture.blocked, block: (await users.usage('ada')).block };
  };

  it('A user with many refused calls is blocked once, with one event of limited length', async () => {
    const { safety, blocked, block } = await tell();
    expect([blocked.length, block?.reason]).toEqual([1, IDENTIFIER_BLOCKED]);
    expect(safety.map(({ reason }) => reason?.length)).toEqual([500]);
  });

  it('A block that the operator set is kept', async () => {
    const { safety, blocked, block } = await tell({ reason: 'ours' });
    expect([safety, blocked.length, block]).toEqual([[], 1, { reason: 'ours' }]);
  });

  it('All calls that were waiting for OpenAI are denied when one is refused', async () => {
    await using fixture = await startSafety({ plans });
    const { fake, guard } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ beforeHeaders: gate, reply: openAIErrors.identifierBlocked() }, 5);
    const token = await tokenOf(guard);
    const calls = Array.from({ length: 5 }, () => post(guard, token, chat()));
    await fake.received(5);
    gate.open();
    for (const answer of await Promise.all(calls)) expect(answer.status).toBe(403);
    expect(fixture.noticed.map(({ userId }) => userId)).toEqual(['ada']);
  });
});

it('A user who is unblocked while OpenAI still refuses them is blocked again by the next call', async () => {
  await using fixture = await startSafety({ plans });
  const { fake, guard } = fixture;
  fake.blockIdentifier(await endUserIdOf(fixture));
  const token = await tokenOf(guard);
  for (let round = 0; round < 2; round += 1) {
    expect((await post(guard, token, chat())).status).toBe(403);
    expect((await guard.users.usage('ada')).block).toBeDefined();
    await guard.users.unblock('ada');
  }
  expect(fake.requests).toHaveLength(3);
});
