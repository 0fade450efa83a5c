import { describe, expect, it } from 'vitest';
import { noHeaders, settled, world } from './world.ts';

const HINTLESS = { requests: 500, tokens: 10 ** 12, headers: false };

describe('An upstream that refuses without a limit', () => {
  it('gets a rate of its own, for all processes', async () => {
    await using w = world(HINTLESS);
    const [first, second] = [w.start(), w.start()];
    for (let count = 0; count < 80; count += 1) await w.call(first);
    first.leave(undefined).refused(429, noHeaders);
    await settled();
    for (const capacity of [first, second]) {
      expect(capacity.status()).toMatchObject({
        mode: 'adaptive',
        limits: [{ unit: 'requests', limit: 720, periodMs: 600_000 }],
      });
    }
    expect(second.claimsFor(1, 100).map(({ rule }) => rule)).toMatchObject([
      { key: 'rpm', kind: 'rate', unit: 'requests', amount: 720, periodMs: 600_000, burst: 2 },
    ]);
  });

  it('is cut once for all calls that were on their way', async () => {
    await using w = world(HINTLESS);
    const capacity = w.start();
    const calls = Array.from({ length: 30 }, () => capacity.leave(undefined));
    for (const call of calls) {
      call.refused(429, noHeaders);
      await settled();
    }
    expect(capacity.status().limits).toMatchObject([{ limit: 540 }]);
  });

  it('lets at least 54 calls a minute leave after the first refusal', async () => {
    await using w = world(HINTLESS);
    const capacity = w.start();
    capacity.leave(undefined).refused(429, noHeaders);
    await settled();
    expect(capacity.status().limits).toMatchObject([{ limit: 540, periodMs: 600_000 }]);
  });

  it('keeps the tokens that the operator gave as a limit beside it', async () => {
    await using w = world(HINTLESS);
    const capacity = w.start({ rpm: 100, tpm: 50_000 });
    capacity.leave(undefined).refused(429, noHeaders);
    await settled();
    expect(capacity.claimsFor(1, 100).map(({ rule }) => [rule.key, rule.amount])).toEqual([
      ['rpm', 900],
      ['tpm', 50_000],
    ]);
  });

  it('grows while calls wait, and not above what the operator gave', async () => {
    await using w = world(HINTLESS);
    const capacity = w.start({ rpm: 100 });
    capacity.leave(undefined).refused(429, noHeaders);
    await settled();
    const limits: (number | undefined)[] = [];
    for (let minute = 0; minute < 4; minute += 1) {
      for (let call = 0; call < 10; call += 1) {
        await w.clock.pass(6_000);
        capacity.leave(undefined, { callsAfter: 0, tokensAfter: 0 }).answered(noHeaders);
        await settled();
      }
      limits.push(capacity.status().limits[0]?.limit);
    }
    expect(limits).toEqual([990, 1_000, 1_000, 1_000]);
  });

  it('does not grow while no call waits', async () => {
    await using w = world(HINTLESS);
    const capacity = w.start({ rpm: 100 });
    capacity.leave(undefined).refused(429, noHeaders);
    await settled();
    for (let call = 0; call < 10; call += 1) {
      await w.clock.pass(6_000);
      capacity.leave(undefined).answered(noHeaders);
      await settled();
    }
    expect(capacity.status().limits).toMatchObject([{ limit: 900 }]);
  });

  it('is paced for a day after the latest refusal, if another limit is known', async () => {
    await using w = world(HINTLESS);
    const capacity = w.start({ rpm: 100 });
    capacity.leave(undefined).refused(429, noHeaders);
    for (let call = 0; call < 20; call += 1) {
      await w.clock.pass(6_000);
      capacity.leave(undefined, { callsAfter: 0, tokensAfter: 0 }).answered(noHeaders);
      await settled();
    }
    expect(capacity.status()).toMatchObject({ mode: 'adaptive', limits: [{ limit: 1_000 }] });
    await w.clock.pass(86_400_000);
    capacity.leave(undefined, { callsAfter: 0, tokensAfter: 0 }).answered(noHeaders);
    await settled();
    expect(capacity.status()).toMatchObject({ mode: 'given', limits: [{ limit: 100 }] });
  });
});

describe('An upstream that shows limits', () => {
  const shows = (requests: number, tokens: number) => (name: string) =>
    ({
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': String(requests),
      'x-ratelimit-limit-tokens': '200000',
      'x-ratelimit-remaining-tokens': String(tokens),
    })[name];

  const learned = async () => {
    const w = world({ requests: 500, tokens: 200_000 });
    const capacity = w.start();
    await w.call(capacity);
    await w.call(capacity);
    return { ...w, capacity };
  };

  it.each([
    ['no request is left', 0, 200_000],
    ['fewer tokens are left than a large call may need', 400, 99_000],
  ])('is not paced after a refusal that they explain: %s', async (_case, requests, tokens) => {
    await using w = await learned();
    const sent = await w.send(w.capacity, 100);
    sent?.departure.refused(429, shows(requests, tokens));
    await settled();
    expect(w.capacity.status().mode).toBe('learned');
  });

  it('is paced after a refusal that they do not explain, at nine tenths of its limit', async () => {
    await using w = await learned();
    const sent = await w.send(w.capacity, 100);
    sent?.departure.refused(429, shows(480, 190_000));
    await settled();
    expect(w.capacity.claimsFor(1, 100).map(({ rule }) => rule)).toMatchObject([
      { key: 'rpm', amount: 4_500, periodMs: 600_000, burst: 15 },
      { key: 'tpm', amount: 200_000 },
    ]);
  });
});
