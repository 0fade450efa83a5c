import { describe, expect, it } from 'vitest';
import type { RequestBody } from '../../src/index.ts';
import { rawChat, type Served, serveFixture } from '../attacks/served.ts';
import { chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { openRequest, type RawRequest, rawExchange, statusOf } from '../http/client.ts';

const BODY = chat({ stop: 'x'.repeat(40_000) });
const BYTES = Buffer.byteLength(JSON.stringify(BODY));
const bounds = { bodyBytes: 3 * BYTES, bodyBytesInFlightPerUser: 2 * BYTES };

/** Sends all of a body but its last byte, so that it stays in flight. It is the `count`-th with a body. */
async function hold(served: Served, user: string, count = 1): Promise<RawRequest> {
  const request = openRequest(served.port, (await rawChat(served.guard, user, BODY)).slice(0, -1));
  await served.bodyAwaited(count);
  return request;
}

const codeIn = (answer: string) => /x-guard-code: (\w+)/i.exec(answer)?.[1];

/** Two bodies of half of the budget fit exactly when nothing else is counted. */
async function expectNothingCounted(served: Served, user = 'ada'): Promise<void> {
  await using held = await serveHeld(served, user);
  expect(held.request.socket.destroyed).toBe(false);
  expect(statusOf(await rawExchange(served.port, await rawChat(served.guard, user, BODY)))).toBe(
    200,
  );
}

async function serveHeld(
  served: Served,
  user: string,
): Promise<AsyncDisposable & { request: RawRequest }> {
  const before = served.denied.length;
  const request = await hold(served, user);
  return {
    request,
    async [Symbol.asyncDispose]() {
      request.socket.destroy();
      await expect.poll(() => served.denied.length).toBeGreaterThan(before);
    },
  };
}

describe('Request bodies in flight', () => {
  it('A user whose bodies fill their budget gets 429 at once, and other users are served', async () => {
    await using served = await serveFixture({ bounds });
    const held = [await hold(served, 'ada'), await hold(served, 'ada', 2)];
    const third = await rawChat(served.guard, 'ada', BODY);
    // Only the head is sent: the answer does not wait for the body.
    const refused = await openRequest(served.port, third.slice(0, -BYTES)).until('\r\n\r\n');
    expect([statusOf(refused), codeIn(refused)]).toEqual([429, 'too_many_body_bytes']);
    const other = await rawExchange(served.port, await rawChat(served.guard, 'bob', BODY));
    expect(statusOf(other)).toBe(200);
    for (const { socket } of held) socket.destroy();
    await expect.poll(() => served.denied.length).toBe(3);
    await expectNothingCounted(served);
  });

  it('Bodies that fill the budget of the process get 503, and it counts only what has arrived', async () => {
    await using fixture = await startFixture({ bounds: { bodyBytesInFlight: 100 } });
    const announcing = await begin(fixture, 'eve', { announced: 100, arrived: 0 });
    const sending = await begin(fixture, 'ada', { announced: 90, arrived: 90 });
    const refused = await begin(fixture, 'bob', { announced: 20, arrived: 0 });
    expect((await refused.answered).headers['x-guard-code']).toBe('server_busy');
    sending.cutOff();
    expect((await sending.answered).status).toBe(400);
    const served = await begin(fixture, 'bob', { announced: 20, arrived: 20 });
    for (const { cutOff } of [announcing, served]) cutOff();
    expect((await served.answered).status).toBe(400);
  });

  it('A body in chunks is counted as it arrives, and refused where it no longer fits', async () => {
    await using served = await serveFixture({ bounds });
    const held = await hold(served, 'ada');
    const token = await tokenOf(served.guard, 'ada');
    const head =
      'POST /v1/chat/completions HTTP/1.1\r\nhost: app.test\r\ncontent-type: application/json\r\n' +
      `authorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n\r\n`;
    const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`;
    const request = openRequest(served.port, head + chunk.repeat(30));
    await served.bodyAwaited(2);
    request.socket.write(chunk.repeat(Math.ceil(BYTES / 1_000)));
    const refused = await request.until('\r\n\r\n');
    expect([statusOf(refused), codeIn(refused)]).toEqual([429, 'too_many_body_bytes']);
    held.socket.destroy();
    await expect.poll(() => served.denied.length).toBe(2);
    await expectNothingCounted(served);
  });

  it('A body always fits if there is no other', async () => {
    const tiny = { bodyBytesInFlight: 1, bodyBytesInFlightPerUser: 1 };
    await using served = await serveFixture({ bounds: tiny });
    for (let call = 0; call < 2; call += 1) {
      expect(
        statusOf(await rawExchange(served.port, await rawChat(served.guard, 'ada', BODY))),
      ).toBe(200);
      await expect.poll(() => served.settled.length).toBe(call + 1);
    }
  });

  it.each<[string, (served: Served) => Promise<unknown>]>([
    ['answered', async ({ guard }) => post(guard, await tokenOf(guard), BODY)],
    [
      'streamed',
      async ({ guard }) =>
        (await post(guard, await tokenOf(guard), { ...BODY, stream: true })).text(),
    ],
    ['refused as JSON', async ({ guard }) => post(guard, await tokenOf(guard), '{"x":')],
    [
      'refused by a check',
      async ({ guard }) => post(guard, await tokenOf(guard), { ...BODY, x: 1 }),
    ],
    [
      'denied by a limit',
      async ({ guard }) => {
        const answers = await Promise.all(
          Array.from({ length: 2 }, async () => post(guard, await tokenOf(guard), BODY)),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 429]);
      },
    ],
    ['called in process', async ({ guard }) => guard.client('ada').models.list()],
    [
      'cut off',
      async (served) => {
        const { socket } = await hold(served, 'ada');
        socket.destroy();
        await expect.poll(() => served.denied.length).toBe(1);
      },
    ],
    ['late', async (served) => (await hold(served, 'ada')).until('\r\n\r\n')],
    [
      'refused by OpenAI',
      async ({ guard, fake }) => {
        fake.scriptNext({ reply: { status: 400, body: { error: {} } } });
        await post(guard, await tokenOf(guard), BODY);
      },
    ],
  ])('A body that was %s is counted no longer', async (_, call) => {
    const limits = [{ concurrent: 1 }];
    const plans = { free: { models: [MODEL], maxOutputTokens: 100, limits } };
    const twice = { ...bounds, bodyBytesInFlight: 2 * BYTES };
    await using served = await serveFixture({ bounds: twice, plans, timeouts: { body: '1s' } });
    await call(served);
    await expectNothingCounted(served);
  });
});

/** Begins a call whose body stays in flight until it is cut off. */
async function begin(
  { guard }: Fixture,
  user: string,
  { announced, arrived }: { announced: number; arrived: number },
) {
  const headers: Record<string, string> = {
    authorization: `Bearer ${await tokenOf(guard, user)}`,
    'content-type': 'application/json',
  };
  const body = Promise.withResolvers<RequestBody>();
  const answered = guard.serve({
    method: 'POST',
    path: '/chat/completions',
    query: '',
    host: undefined,
    header: (name) => headers[name],
    readBody(_, room) {
      room?.announce(announced);
      room?.take(arrived);
      return body.promise;
    },
    onDisconnect: () => {},
  });
  const bytes = Buffer.from('{');
  return { answered, cutOff: () => body.resolve({ kind: 'bytes', bytes }) };
}
