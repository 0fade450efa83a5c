import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createGuardedCompletion,
  type DegradedEvent,
  type GuardOptions,
  type LimitSpec,
  memoryLedger,
  type RecoveredEvent,
} from '../../../src/index.ts';
import { TOKEN_RECORD_PREFIX } from '../../../src/tokens/token-form.ts';
import {
  canaries,
  chat,
  codeOf,
  type Fixture,
  MODEL,
  post,
  startFixture,
  tokenOf,
} from '../../fixture.ts';
import { incoming } from '../incoming.ts';
import { type FaultyStore, faultyStore, type StoreFault } from './faulty-store.ts';

const QUOTA: LimitSpec = { requests: 100, per: '24h' };
const RATE: LimitSpec = { requests: 100, per: 'minute', burst: 8 };

interface OnFaultyStore extends Fixture {
  readonly store: FaultyStore;
  readonly degraded: DegradedEvent[];
  readonly recovered: RecoveredEvent[];
}

async function start(
  limits: readonly LimitSpec[],
  options: Partial<GuardOptions> = {},
): Promise<OnFaultyStore> {
  const store = faultyStore();
  const plans = { free: { models: [MODEL], maxOutputTokens: 100, limits } };
  const fixture = await startFixture({ plans, ledger: store, ...options });
  const degraded: DegradedEvent[] = [];
  const recovered: RecoveredEvent[] = [];
  fixture.guard.on('degraded', (event) => void degraded.push(event));
  fixture.guard.on('recovered', (event) => void recovered.push(event));
  return { ...fixture, store, degraded, recovered };
}

/** A token that the guard has already seen, so that the state of its user is cached. */
async function knownToken({ guard }: Fixture, user = 'ada'): Promise<string> {
  const token = await tokenOf(guard, user);
  await (await post(guard, token, chat())).text();
  return token;
}

/** Calls until the store counts as failing. Returns the number of calls. */
async function untilDegraded({ guard, degraded }: OnFaultyStore, token: string): Promise<number> {
  let calls = 0;
  for (; degraded.length === 0; calls += 1) await post(guard, token, chat());
  return calls;
}

async function answered(response: Response): Promise<unknown> {
  return response.status === 200 ? 200 : [response.status, await codeOf(response)];
}

const faults: readonly StoreFault[] = ['refused', 'silent', 'lost', 'reset'];

describe.each(faults)('A guard on a store with the fault "%s"', (fault) => {
  it('A quota denies with a retryable 503 while the store fails, and nothing reaches OpenAI', async () => {
    await using fixture = await start([QUOTA, RATE]);
    const token = await knownToken(fixture);
    const { fake, guard, store } = fixture;
    const before = fake.requests.length;
    store.fault = fault;
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(guard, token, chat())),
    );
    for (const answer of answers) {
      expect(await answered(answer)).toEqual([503, 'ledger_unavailable']);
      expect(answer.headers.get('retry-after')).toMatch(/^[12]$/);
      expect(answer.headers.get('ratelimit')).toBeNull();
    }
    const refused = 100 + (await untilDegraded(fixture, token));
    expect(fake.requests.length).toBe(before);
    expect(fixture.denied).toHaveLength(refused);
    expect(fixture.denied.every(({ degraded }) => degraded)).toBe(true);
    store.fault = undefined;
    await expect.poll(() => fixture.recovered.length).toBe(1);
    expect(fixture.degraded).toHaveLength(1);
    expect(fixture.recovered).toMatchObject([{ served: 0, refused }]);
    expect((await post(guard, token, chat())).status).toBe(200);
    await expect
      .poll(async () => (await guard.users.usage('ada')).limits[0])
      .toMatchObject({
        used: 2,
        held: 0,
      });
  });

  it('A rate limit serves its local share while the store fails, marks these calls as degraded and posts them later', async () => {
    await using fixture = await start([RATE], { ledgerFailure: { processes: 2 } });
    const token = await knownToken(fixture);
    const { fake, guard, store } = fixture;
    store.fault = fault;
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(guard, token, chat())),
    );
    const outcomes = await Promise.all(answers.map(answered));
    expect(outcomes.filter((outcome) => outcome === 200)).toHaveLength(4);
    for (const outcome of outcomes.filter((each) => each !== 200)) {
      expect(outcome).toEqual([429, 'rate_limit_exceeded']);
    }
    expect(answers.every(({ headers }) => headers.get('ratelimit') === null)).toBe(true);
    expect(fake.requests).toHaveLength(5);
    await expect
      .poll(() => fixture.settled.map(({ degraded }) => degraded))
      .toEqual([false, true, true, true, true]);
    await untilDegraded(fixture, token);
    store.fault = undefined;
    await expect.poll(() => fixture.recovered.length).toBe(1);
    const posted = () =>
      store.heard.filter(({ verb, id }) => verb === 'settle' && id.endsWith('~late'));
    await expect.poll(() => posted().length).toBe(4);
  });

  it('A running stream completes while the store fails, and is settled when the store is back', async () => {
    await using fixture = await start([QUOTA]);
    const token = await knownToken(fixture);
    const { fake, guard, store } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ text: 'one two', betweenChunks: gate });
    const stream = incoming(await post(guard, token, chat({ stream: true })));
    await gate.arrived();
    store.fault = fault;
    gate.open();
    expect(await stream.whole()).toContain('[DONE]');
    await expect
      .poll(() => fixture.settled.at(-1))
      .toMatchObject({ degraded: true, estimated: false });
    store.fault = undefined;
    await expect
      .poll(async () => (await guard.users.usage('ada').catch(() => undefined))?.limits[0])
      .toMatchObject({
        used: 2,
        held: 0,
      });
  });

  it('A known token works while the store fails, and an unknown one gets 503, never 401', async () => {
    await using fixture = await start([RATE]);
    const known = await knownToken(fixture);
    const unknown = await tokenOf(fixture.guard, 'bob');
    fixture.store.fault = fault;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const answers = [
        await post(fixture.guard, known, chat()),
        await post(fixture.guard, unknown, chat()),
      ];
      expect(await Promise.all(answers.map(answered))).toEqual([200, [503, 'ledger_unavailable']]);
    }
    expect(await answered(await post(fixture.guard, 'gct_forged', chat()))).toEqual([
      401,
      'invalid_credential',
    ]);
  });

  it('Blocked users and revoked tokens stay locked out while the store fails', async () => {
    await using fixture = await start([RATE]);
    const { guard, store, fake } = fixture;
    const blocked = await knownToken(fixture, 'mallory');
    const revoked = await knownToken(fixture, 'eve');
    const id = (await guard.tokens.issue({ user: 'oscar' })).id;
    await guard.users.block('mallory', { reason: 'abuse' });
    await guard.tokens.revokeAll('eve');
    await guard.tokens.revoke(id);
    const before = fake.requests.length;
    store.fault = fault;
    for (const token of [blocked, revoked]) {
      expect((await post(guard, token, chat())).status).not.toBe(200);
    }
    expect(fake.requests.length).toBe(before);
  });
});

describe('A process that cannot reach the store', () => {
  it('A process without its store stops trusting cached state after "cachedFor"', async () => {
    await using fixture = await start([RATE], { ledgerFailure: { cachedFor: '300ms' } });
    const token = await knownToken(fixture);
    const { guard, store } = fixture;
    store.fault = 'silent';
    expect(await answered(await post(guard, token, chat()))).toBe(200);
    await expect
      .poll(async () => answered(await post(guard, token, chat())))
      .toEqual([503, 'ledger_unavailable']);
  });

  it('A process learns of a missed block as soon as the store is back, and cuts the stream', async () => {
    await using fixture = await start([RATE]);
    const token = await knownToken(fixture);
    const { fake, guard, store } = fixture;
    const gate = fake.gate();
    fake.scriptNext({ tokens: 90, betweenChunks: gate });
    const stream = incoming(await post(guard, token, chat({ stream: true })));
    await gate.arrived();
    store.fault = 'silent';
    await untilDegraded(fixture, token);
    const value = JSON.stringify({ generation: 0, block: { reason: 'abuse' } });
    store.deaf = true;
    await store.behind.records.put('user:ada', value);
    store.deaf = false;
    store.fault = undefined;
    expect(await stream.whole()).toContain('user_blocked');
    expect(await answered(await post(guard, token, chat()))).toEqual([403, 'user_blocked']);
  });

  it('A process learns of a missed token revocation as soon as the store is back', async () => {
    await using fixture = await start([RATE]);
    const { guard, store } = fixture;
    const { id, value } = await guard.tokens.issue({ user: 'ada' });
    await (await post(guard, value, chat())).text();
    store.fault = 'silent';
    await untilDegraded(fixture, value);
    store.deaf = true;
    await store.behind.records.delete(TOKEN_RECORD_PREFIX + id);
    store.deaf = false;
    store.fault = undefined;
    await expect.poll(() => fixture.recovered.length).toBe(1);
    expect(await answered(await post(guard, value, chat()))).toEqual([401, 'invalid_credential']);
  });

  it('A block in one process cuts 20 streams in each of the others', async () => {
    const shared = memoryLedger();
    await using first = await start([RATE], { ledger: faultyStore(shared) });
    const { fake } = first;
    const others = Array.from({ length: 3 }, () =>
      createGuardedCompletion({
        apiKey: canaries.apiKey,
        baseURL: fake.baseURL,
        secret: canaries.secret,
        plans: { free: { models: [MODEL], maxOutputTokens: 1_000 } },
        ledger: faultyStore(shared),
      }),
    );
    const gate = fake.gate();
    fake.script('endless', { tokens: 900, betweenChunks: gate });
    const token = await tokenOf(first.guard);
    const body = chat({ stream: true, messages: [{ role: 'user', content: 'endless' }] });
    const open = (guard: Fixture['guard']) => post(guard, token, body).then(incoming);
    const streams = await Promise.all(
      others.flatMap((guard) => Array.from({ length: 20 }, () => open(guard))),
    );
    await first.guard.users.block('ada', { reason: 'abuse' });
    for (const stream of streams) expect(await stream.whole()).toContain('user_blocked');
    for (const guard of others) {
      expect(await answered(await post(guard, token, chat()))).toEqual([403, 'user_blocked']);
      await guard.close({ graceMs: 0 });
    }
  });
});

describe('A call in flight when the store fails', () => {
  it.each([
    [RATE, 200],
    [QUOTA, [503, 'ledger_unavailable']],
  ] as const)(
    'A store failure between hold and dispatch, under the limit %o, ends the call with %s',
    async (limit, expected) => {
      // A call that waits for its key calls the ledger between the two.
      await using fixture = await start([limit], { apiKey: async () => canaries.apiKey });
      const token = await knownToken(fixture);
      fixture.store.faults.set('renew', 'silent');
      expect(await answered(await post(fixture.guard, token, chat()))).toEqual(expected);
    },
  );
});

describe('guard.close with a failing store', () => {
  it('A process ends without guard.close while its store fails', async () => {
    const child = fileURLToPath(new URL('idle-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [child], { timeout: 15_000 });
    expect(stdout).toBe('503 degraded\n');
  });

  it('guard.close writes waiting charges within graceMs', async () => {
    const fixture = await start([QUOTA]);
    const token = await knownToken(fixture);
    const { guard, store } = fixture;
    const settles = () => store.heard.filter(({ verb }) => verb === 'settle').length;
    await expect.poll(settles).toBe(1);
    store.faults.set('settle', 'silent');
    await (await post(guard, token, chat())).text();
    await expect.poll(() => fixture.settled.length).toBe(2);
    const heardBefore = settles();
    const closing = guard.close({ graceMs: 5_000 });
    store.faults.clear();
    await closing;
    expect(settles()).toBeGreaterThan(heardBefore);
    expect(fixture.failed.every(({ error }) => !String(error).includes('unwritten'))).toBe(true);
    await fixture[Symbol.asyncDispose]();
  });
});
