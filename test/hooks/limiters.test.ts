import { describe, expect, it } from 'vitest';
import type { GuardOptions, Limiter } from '../../src/index.ts';
import { codeOf } from '../fixture.ts';
import { limits, startHooked } from './fixture.ts';

describe('A limiter', () => {
  it('A call that it denies gets 429 with the reset time, is not sent and takes nothing', async () => {
    const resetsAtMs = Math.ceil(Date.now() / 1000) * 1000 + 30_000;
    const slow: Limiter = () => ({ allowed: false, resetsAtMs, remaining: 2 });
    await using fixture = await startHooked({ limiters: [{ name: 'per device', limit: slow }] });
    const answer = await fixture.ask();
    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-guard-reset')).toBe(String(resetsAtMs / 1000));
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(29);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect(error).toMatchObject({
      code: 'rate_limit_exceeded',
      message: `Too many calls in a short time. Limiter "per device": 2 left. It fits again at ${new Date(resetsAtMs).toISOString()}.`,
      resets_at: resetsAtMs / 1000,
    });
    expect([fixture.sent(), await fixture.taken()]).toEqual([0, 0]);
    expect(fixture.guarded).toMatchObject([
      { kind: 'limiter', hook: 'per device', decision: 'denied', userId: 'ada' },
    ]);
  });

  it('Limiters are asked in their order after the "before" hooks, until one denies', async () => {
    const asked: string[] = [];
    const note = (name: string) => () => void asked.push(name);
    await using fixture = await startHooked({
      before: note('before'),
      limiters: [
        note('first'),
        () => ({ allowed: true }),
        () => ({ allowed: false, resetsAtMs: Date.now() }),
        note('last'),
      ],
    });
    expect((await fixture.ask()).status).toBe(429);
    expect(asked).toEqual(['before', 'first']);
    expect(fixture.guarded.at(-1)?.hook).toBe('limiter-3');
  });

  it('The limits of the plan hold beside a limiter that allows everything', async () => {
    const asked: string[] = [];
    await using fixture = await startHooked({ limiters: [({ key }) => void asked.push(key)] });
    const codes: (string | number)[] = [];
    for (let calls = 0; calls < 7; calls += 1) {
      const answer = await fixture.ask();
      codes.push(answer.status === 200 ? 200 : await codeOf(answer));
    }
    expect(codes).toEqual([200, 200, 200, 200, 200, 'quota_exceeded', 'quota_exceeded']);
    expect(asked).toHaveLength(7);
    expect(limits).toMatchObject([{ requests: 5 }]);
  });

  it.each<[string, unknown, string]>([
    ['throws', () => Promise.reject(new Error('down')), 'hook_unavailable'],
    ['returns false', () => false, 'internal_error'],
    ['has no reset time', () => ({ allowed: false }), 'internal_error'],
    [
      'has a reset time that is none',
      () => ({ allowed: false, resetsAtMs: NaN }),
      'internal_error',
    ],
  ])(
    'A limiter that %s denies by default, and allows with "onError": "allow"',
    async (_, limit, code) => {
      const limiter = { limit: limit as Limiter };
      for (const onError of ['deny', 'allow'] as const) {
        const limiters: GuardOptions['limiters'] = [{ ...limiter, onError }];
        await using fixture = await startHooked({ limiters });
        const answer = await fixture.ask();
        expect(answer.status === 200 ? 'served' : await codeOf(answer)).toBe(
          onError === 'allow' ? 'served' : code,
        );
        expect(fixture.failed).toMatchObject([{ source: 'hook' }]);
      }
    },
  );
});
