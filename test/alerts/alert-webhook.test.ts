import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { signedHeaders } from '../../src/alerts/alert-formats.ts';
import { type AlertWebhookOptions, alertWebhook } from '../../src/alerts/index.ts';
import { eventsOf } from '../../src/core/events.ts';
import { createGuardedCompletion, type LimitSpec, type ThresholdEvent } from '../../src/index.ts';
import { canaries, chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { startReceiver } from './receiver.ts';

/** The example of the specification. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const limits: readonly LimitSpec[] = [{ requests: 2, per: 'day', warnAt: [0.5, 1] }];

async function start(options: Partial<AlertWebhookOptions> = {}) {
  const receiver = await startReceiver();
  const plans = { free: { models: [MODEL], maxOutputTokens: 100, limits } };
  const fixture = await startFixture({ plans });
  const { guard } = fixture;
  const signing = (options.format ?? 'standard') === 'standard' && { secret: SECRET };
  const given = { guard, url: receiver.url, backoff: '1ms', ...signing, ...options } as const;
  const alerts = alertWebhook(given);
  const ask = async (user = 'ada') =>
    (await post(guard, await tokenOf(guard, user), chat())).text();
  return {
    ...fixture,
    receiver,
    alerts,
    ask,
    events: eventsOf(guard),
    bodies: () => receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
    async [Symbol.asyncDispose]() {
      await fixture[Symbol.asyncDispose]();
      await alerts.close({ graceMs: 0 });
      await receiver[Symbol.asyncDispose]();
    },
  };
}

const threshold: ThresholdEvent = {
  id: 'an-id',
  level: 'user',
  userId: 'ada & <!channel> @everyone [x](http://x.test)',
  tokenId: undefined,
  group: undefined,
  limit: 'requests-day',
  unit: 'requests',
  fraction: 0.8,
  used: 12,
  amount: 15,
  resetsAtMs: Date.parse('2026-11-24T00:00:00Z'),
  burnRate: 2,
};

describe('An alert webhook', () => {
  it('sends a threshold, signed so that the verifier of the official SDK takes it', async () => {
    await using scene = await start();
    await scene.ask();
    await expect.poll(() => scene.receiver.received.length).toBe(1);
    const [{ headers = {}, body = '' } = {}] = scene.receiver.received;
    const verifier = new OpenAI({ apiKey: 'none', webhookSecret: SECRET });
    await verifier.webhooks.verifySignature(body, headers as Record<string, string>);
    await expect(
      verifier.webhooks.verifySignature(`${body} `, headers as Record<string, string>),
    ).rejects.toThrow();
    const event = JSON.parse(body) as { type: string; data: ThresholdEvent };
    expect(event).toMatchObject({
      type: 'threshold',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: { level: 'user', userId: 'ada', limit: 'requests-day', fraction: 0.5, used: 1 },
    });
    expect(headers['webhook-id']).toBe(event.data.id);
    expect(headers['content-type']).toBe('application/json');
  });

  it('signs as the example of the specification', () => {
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
    expect(signedHeaders(message, SECRET, 1_614_265_330_000)).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('sends one sentence to Slack, in which no user can write a mention or a link', async () => {
    await using scene = await start({ format: 'slack' });
    scene.events.emit('threshold', threshold);
    await expect.poll(scene.bodies).toEqual([
      {
        text: 'Limit "requests-day" of the user "ada &amp; &lt;!channel&gt; @everyone [x](http://x.test)" has reached 80 %: 12 of 15 requests used. More from 2026-11-24T00:00:00.000Z. Burn rate 2.0.',
      },
    ]);
    expect(scene.receiver.received[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  it('sends one sentence to Discord, in which no user can write a mention or a link', async () => {
    await using scene = await start({ format: 'discord' });
    scene.events.emit('threshold', threshold);
    await expect.poll(scene.bodies).toEqual([
      {
        content: expect.stringContaining(
          'ada & \\<!channel\\> \\@everyone \\[x\\]\\(http\\://x.test\\)',
        ),
        allowed_mentions: { parse: [] },
      },
    ]);
  });

  it('sends the events that are asked for, and no others', async () => {
    const events = ['degraded', 'recovered', 'stopped', 'resumed', 'failed'] as const;
    await using scene = await start({ events });
    scene.events.emit('threshold', threshold);
    scene.events.emit('degraded', { reason: 'redis://:hunter2hunter2@db is away', atMs: 1 });
    scene.events.emit('recovered', { atMs: 2, failedForMs: 1_500, served: 3, refused: 4 });
    const which = { models: ['gpt-5*'], plans: undefined, endpoints: undefined };
    scene.events.emit('stopped', { ...which, reason: 'too dear', cut: true });
    scene.events.emit('resumed', which);
    const error = new Error('Bearer sk-proj-abcdefghijklmnop was refused');
    for (let times = 0; times < 3; times += 1)
      scene.events.emit('failed', { source: 'auth', error });
    await expect
      .poll(() =>
        scene
          .bodies()
          .map(({ type }) => type)
          .sort(),
      )
      .toEqual([...events].sort());
    const sent = scene.receiver.received.map(({ body }) => body).join('\n');
    expect(sent).not.toMatch(/hunter2|sk-proj-/);
    expect(sent).toContain('"models":["gpt-5*"]');
  });

  it.each([
    ['the status 500', 500],
    ['the status 429', [429, { 'retry-after': '0' }]],
  ] as const)('tries again after %s, with the same id and body', async (_, answer) => {
    await using scene = await start();
    scene.receiver.next.push(answer, answer);
    await scene.ask();
    await expect.poll(() => scene.receiver.received.length).toBe(3);
    const sent = scene.receiver.received.map(({ headers, body }) => [headers['webhook-id'], body]);
    expect(new Set(sent.map(String)).size).toBe(1);
    await scene.alerts.close();
    expect(scene.failed).toEqual([]);
  });

  it.each([
    [{ 'retry-after': '0', 'retry-after-ms': '300' }, 300],
    [{ 'retry-after': '3600' }, 20_000],
  ])('waits as long as the receiver asks for with %j, at most 20 s', async (headers, waitMs) => {
    await using scene = await start();
    using timers = vi.spyOn(globalThis, 'setTimeout');
    scene.receiver.next.push([503, headers]);
    await scene.ask();
    await expect.poll(() => timers.mock.calls.map(([, ms]) => ms)).toContain(waitMs);
  });

  it('gives up with one failed event, which does not name the address', async () => {
    await using scene = await start({ tries: 2 });
    scene.receiver.next.push(500, 502);
    await scene.ask();
    await expect.poll(() => scene.failed).toHaveLength(1);
    const [failed] = scene.failed;
    expect(failed?.source).toBe('webhook');
    expect(String(failed?.error)).toMatch(
      /^AlertError: The receiver of alerts at 127\.0\.0\.1:\d+ answered with status 502\.$/,
    );
  });

  it.each([400, 401, 404, 302, 307])('does not try again after the status %i', async (status) => {
    await using scene = await start();
    await using other = await startReceiver();
    scene.receiver.next.push([status, { location: other.url }]);
    await scene.ask();
    await expect.poll(() => scene.failed).toHaveLength(1);
    expect([scene.receiver.received.length, other.received.length]).toEqual([1, 0]);
  });

  it('gives an attempt up that is not answered in time, and tries again', async () => {
    await using scene = await start({ timeout: '50ms' });
    scene.receiver.next.push('never');
    await scene.ask();
    await expect.poll(() => scene.receiver.received.length).toBe(2);
  });

  it('tells where the receiver cannot be reached', async () => {
    await using scene = await start({ url: 'http://127.0.0.1:9/x', tries: 2 });
    await scene.ask();
    await expect.poll(() => scene.failed).toHaveLength(1);
    expect(String(scene.failed[0]?.error)).toContain('at 127.0.0.1:9 cannot be reached');
  });

  it('drops the oldest of more than 1,000 alerts that wait, with one failed event', async () => {
    await using scene = await start({ events: ['stopped'] });
    for (let first = 0; first < 4; first += 1) scene.receiver.next.push('never');
    const send = (reason: string) =>
      scene.events.emit('stopped', {
        reason,
        models: undefined,
        plans: undefined,
        endpoints: undefined,
        cut: false,
      });
    for (let at = 0; at < 4; at += 1) send(`open ${at}`);
    await expect.poll(() => scene.receiver.open.length).toBe(4);
    for (let at = 0; at < 1_003; at += 1) send(`waiting ${at}`);
    expect(scene.failed.map(({ source }) => source)).toEqual(['webhook']);
    for (const response of scene.receiver.open) response.writeHead(204).end();
    await scene.alerts.close();
    const reasons = scene.bodies().map(({ data }) => (data as { reason: string }).reason);
    expect(reasons).toHaveLength(1_004);
    expect(reasons).not.toContain('waiting 2');
    expect(reasons).toContain('waiting 3');
    expect(reasons).toContain('waiting 1002');
  });

  it('waits at its end for what is under way, and not longer than it may', async () => {
    await using scene = await start();
    scene.receiver.next.push('never');
    await scene.ask();
    await expect.poll(() => scene.receiver.open.length).toBe(1);
    await scene.alerts.close({ graceMs: 1 });
    expect(scene.failed).toHaveLength(1);
    await scene.ask();
    expect(scene.receiver.received).toHaveLength(1);
  });

  it('writes its own failures to the log, and does not send them', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    await using receiver = await startReceiver();
    const guard = createGuardedCompletion({
      apiKey: 'sk-none',
      secret: canaries.secret,
      plans: { free: { models: [MODEL] } },
      logger: { error: log, warn: log },
    });
    const alerts = alertWebhook({ guard, url: receiver.url, secret: SECRET, events: ['failed'] });
    receiver.next.push(404);
    eventsOf(guard).emit('failed', { source: 'auth', error: new Error('The provider is away.') });
    await expect.poll(() => lines.join()).toContain('answered with status 404');
    expect(receiver.received).toHaveLength(1);
    await guard.close();
    await alerts.close();
  });
});

describe('The options of an alert webhook', () => {
  it.each<[string, object, string]>([
    ['no URL', { url: undefined }, 'url'],
    ['an unencrypted URL', { url: 'http://hooks.test/x' }, 'url'],
    ['a URL with a password', { url: 'https://a:b@hooks.test/x' }, 'url'],
    ['no secret', { secret: undefined }, 'secret'],
    ['a secret without its prefix', { secret: SECRET.slice(6) }, 'secret'],
    ['a short secret', { secret: 'whsec_c2hvcnQ=' }, 'secret'],
    ['a secret for Slack', { format: 'slack' }, 'secret'],
    ['an unknown format', { format: 'teams' }, 'format'],
    ['an unknown event', { events: ['settled'] }, 'events.0'],
    ['no event', { events: [] }, 'events'],
    ['no attempt', { tries: 0 }, 'tries'],
    ['a number as a time', { timeout: 10 }, 'timeout'],
    ['an unknown option', { headers: {} }, 'headers'],
  ])('refuse %s', async (_, wrong, field) => {
    await using fixture = await startFixture();
    const options = { guard: fixture.guard, url: 'https://hooks.test/x', secret: SECRET, ...wrong };
    expect(() => alertWebhook(options as AlertWebhookOptions)).toThrow(TypeError);
    expect(() => alertWebhook(options as AlertWebhookOptions)).toThrow(field);
  });

  it('refuse what is no guard', () => {
    const guard = { on() {}, close() {} };
    const options = { guard, url: 'https://hooks.test/x', secret: SECRET };
    expect(() => alertWebhook(options as unknown as AlertWebhookOptions)).toThrow('"guard"');
  });
});
