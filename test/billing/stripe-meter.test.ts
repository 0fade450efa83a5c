import type { ServerResponse } from 'node:http';
import type Stripe from 'stripe';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type StripeMeterOptions, stripeMeter } from '../../src/billing/index.ts';
import type { SettledEvent } from '../../src/index.ts';
import { MINUTE_MS } from '../faults/own-time.ts';
import { chat, post, startFixture, tokenOf } from '../fixture.ts';
import { type StripeServer, startStripe } from './stripe-server.ts';

describe('Stripe meters', () => {
  const meter = (stripe: Stripe, more: Partial<StripeMeterOptions> = {}) =>
    stripeMeter({ stripe, eventName: 'tokens', customerOf: () => 'cus_1', ...more });

  it('A meter reports each settled call once, with its tokens', async () => {
    await using server = await startStripe();
    await using fixture = await startFixture();
    const { listener, flush } = meter(server.stripe);
    fixture.guard.on('settled', listener);
    const token = await tokenOf(fixture.guard);
    for (const stream of [false, true])
      await (await post(fixture.guard, token, chat({ stream }))).text();
    await expect.poll(() => fixture.settled.length).toBe(2);
    await flush();
    const sent = server.requests.map(({ url, form }) => [
      url,
      ...['event_name', 'identifier', 'payload[stripe_customer_id]', 'payload[value]'].map((name) =>
        form.get(name),
      ),
    ]);
    expect(sent).toEqual(
      fixture.settled.map(({ callId, inputTokens, outputTokens }) => [
        '/v1/billing/meter_events',
        'tokens',
        `${callId}:tokens`,
        'cus_1',
        String(inputTokens + outputTokens),
      ]),
    );
    for (const { form } of server.requests) {
      expect(Math.abs(Number(form.get('timestamp')) - Date.now() / 1000)).toBeLessThan(60);
    }
  });

  const settled = (callId: string, more: Partial<SettledEvent> = {}) =>
    ({
      callId,
      userId: 'ada',
      inputTokens: 1,
      outputTokens: 2,
      costNanoUsd: 5e6,
      ...more,
    }) as SettledEvent;

  /** Rejects a request as Stripe does, with this status and message. */
  const refuse = (response: ServerResponse, status: number, message: string) => {
    const type = status < 500 ? 'invalid_request_error' : 'api_error';
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message, type } }));
  };
  const identifiers = ({ requests }: StripeServer) =>
    requests.map(({ form }) => form.get('identifier'));

  /** Accepts each identifier once, as Stripe does. The first `loses` responses are lost. */
  function billing(server: StripeServer, loses = 0): string[] {
    const { answer } = server;
    const billed: string[] = [];
    server.answer = (request, response) => {
      const identifier = identifiers(server).at(-1) ?? '';
      const isKnown = billed.includes(identifier);
      if (!isKnown) billed.push(identifier);
      if (server.requests.length <= loses) return void response.destroy();
      if (!isKnown) return answer(request, response);
      refuse(response, 400, `An event already exists with identifier ${identifier}.`);
    };
    return billed;
  }

  const lossesOf = () => {
    const lost: string[] = [];
    return { lost, onError: (_: unknown, { callId }: SettledEvent) => void lost.push(callId) };
  };

  it('A failed report is repeated with the same identifier', async () => {
    await using server = await startStripe();
    const { answer } = server;
    server.answer = (request, response) =>
      server.requests.length > 1
        ? answer(request, response)
        : refuse(response, 503, 'Try again later.');
    const { lost, onError } = lossesOf();
    const { listener, flush } = meter(server.stripe, { onError });
    listener(settled('call-1'));
    await flush();
    expect(identifiers(server)).toEqual(['call-1:tokens', 'call-1:tokens']);
    expect(lost).toEqual([]);
  });

  it('A report whose response was lost is billed once and is not reported as an error', async () => {
    await using server = await startStripe();
    const billed = billing(server, 1);
    const { lost, onError } = lossesOf();
    const { listener, flush } = meter(server.stripe, { onError });
    listener(settled('call-1'));
    await flush();
    expect(server.requests).toHaveLength(2);
    expect([billed, lost]).toEqual([['call-1:tokens'], []]);
  });

  it('Several meters count the same call under separate identifiers', async () => {
    await using server = await startStripe();
    const billed = billing(server);
    const { lost, onError } = lossesOf();
    for (const eventName of ['input', 'output']) {
      const { listener, flush } = meter(server.stripe, { eventName, onError });
      listener(settled('call-1'));
      await flush();
    }
    expect([billed, lost]).toEqual([['call-1:input', 'call-1:output'], []]);
  });

  it('An identifier is cut to the length that Stripe accepts', async () => {
    await using server = await startStripe();
    const { listener, flush } = meter(server.stripe, { eventName: 'e'.repeat(100) });
    listener(settled('call-1'));
    await flush();
    expect(identifiers(server)).toEqual([`call-1:${'e'.repeat(93)}`]);
  });

  it('A report that Stripe rejects with 400 is not repeated', async () => {
    await using server = await startStripe();
    server.answer = (_request, response) => refuse(response, 400, 'No active meter found.');
    const { lost, onError } = lossesOf();
    const { listener, flush } = meter(server.stripe, { onError });
    listener(settled('call-1'));
    await flush();
    expect(server.requests).toHaveLength(1);
    expect(lost).toEqual(['call-1']);
  });

  it('A call whose customer look-up failed at first is reported later', async () => {
    await using server = await startStripe();
    let asked = 0;
    const { lost, onError } = lossesOf();
    const { listener, flush } = meter(server.stripe, {
      onError,
      customerOf: () => {
        asked += 1;
        if (asked === 1) throw new Error('database is down');
        return 'cus_1';
      },
    });
    listener(settled('call-1'));
    await flush();
    expect(identifiers(server)).toEqual(['call-1:tokens']);
    expect(lost).toEqual([]);
  });

  it('A customer look-up that never returns does not block other calls', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const sent: unknown[] = [];
    const client = {
      billing: { meterEvents: { create: async (event: object) => void sent.push(event) } },
    };
    const { lost, onError } = lossesOf();
    const { listener, flush } = stripeMeter({
      stripe: client,
      eventName: 'tokens',
      onError,
      customerOf: (userId) => (userId === 'ada' ? 'cus_1' : new Promise(() => {})),
    });
    const strangers = ['call-1', 'call-2', 'call-3', 'call-4'];
    for (const callId of strangers) listener(settled(callId, { userId: 'bob' }));
    listener(settled('call-5'));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    await flush();
    expect(lost).toEqual(strangers);
    expect(sent).toMatchObject([{ identifier: 'call-5:tokens' }]);
  });

  const fails = (message: string) => (): never => {
    throw new Error(message);
  };

  it.each<[string, () => void | Promise<void>]>([
    ['throws', fails('log is full')],
    ['rejects', async () => fails('log is full')()],
    ['hangs', () => new Promise<void>(() => {})],
  ])('A meter keeps reporting when its onError %s', async (_case, onError) => {
    await using server = await startStripe();
    const noPrice = fails('no such price');
    const { listener, flush } = meter(server.stripe, {
      onError,
      quantityOf: ({ callId }) => (callId === 'call-1' ? noPrice() : 1),
    });
    listener(settled('call-1'));
    listener(settled('call-2'));
    await flush();
    expect(identifiers(server)).toEqual(['call-2:tokens']);
  });

  it('A meter reports quantityOf, and skips zero quantities and users without a customer', async () => {
    await using server = await startStripe();
    const { listener, flush } = meter(server.stripe, {
      customerOf: async (userId) => (userId === 'ada' ? 'cus_1' : undefined),
      quantityOf: ({ costNanoUsd }) => costNanoUsd / 1_000,
    });
    listener(settled('call-1'));
    listener(settled('call-2', { userId: 'bob' }));
    listener(settled('call-3', { costNanoUsd: 0 }));
    await flush();
    expect(server.requests.map(({ form }) => form.get('payload[value]'))).toEqual(['5000']);
  });

  it('A meter keeps at most 10,000 calls and passes the others to onError', async () => {
    await using server = await startStripe();
    server.answer = () => {};
    const lost: unknown[] = [];
    const { listener } = meter(server.stripe, {
      onError: (_error, { callId }) => void lost.push(callId),
    });
    for (let call = 0; call < 10_100; call += 1) listener(settled(`call-${call}`));
    await new Promise((resolve) => setImmediate(resolve));
    expect(lost.length).toBeGreaterThanOrEqual(90);
    expect(lost.length).toBeLessThanOrEqual(100);
  });

  it.each([{ eventName: '' }, { customerOf: 'cus_1' }, { stripe: {} }, { every: 1 }])(
    'stripeMeter throws for the invalid option %j',
    async (wrong) => {
      await using server = await startStripe();
      expect(() => meter(server.stripe, wrong as never)).toThrow(/"stripeMeter/);
    },
  );
});
