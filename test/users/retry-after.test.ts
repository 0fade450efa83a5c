import { describe, expect, it } from 'vitest';
import { deny } from '../../src/core/denial.ts';
import { memoryLedger } from '../../src/index.ts';
import { denialResponse } from '../../src/pipeline/denial-response.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const NOW_MS = 1_795_539_600_000;

/** The waits of that many clients that are denied at once, until the same moment. */
function waits(seconds: number, clients = 400): number[] {
  const denial = deny('rate_limit_exceeded', 'Wait.', { resetsAtMs: NOW_MS + seconds * 1_000 });
  return Array.from({ length: clients }, () => {
    const { headers, body } = denialResponse(denial, undefined, NOW_MS);
    const resetsAt = NOW_MS / 1_000 + seconds;
    expect(headers['x-guard-reset']).toBe(String(resetsAt));
    expect(JSON.parse(String(body)).error.resets_at).toBe(resetsAt);
    return Number(headers['retry-after']);
  });
}

describe('Retry-After', () => {
  it.each([
    [1, [1, 2]],
    [10, [10, 11]],
    [11, [11, 12, 13]],
    [30, [30, 31, 32, 33]],
    [50, [50, 51, 52, 53, 54, 55]],
    [58, [58, 59, 60]],
    [60, [60]],
  ])('A wait of %i s is spread upward by at most a tenth, 5 s and to 60 s', (seconds, spread) => {
    const seen = new Set(waits(seconds));
    expect([...seen].sort((a, b) => a - b)).toEqual(spread);
  });

  it('Users who are denied until the same moment get different waits and one exact reset', async () => {
    const plans = {
      free: { models: [MODEL], limits: [{ requests: 2, per: 'minute', burst: 1 } as const] },
    };
    await using fixture = await startFixture({
      plans,
      clock: { nowMs: () => NOW_MS },
      ledger: memoryLedger({ clock: { nowMs: () => NOW_MS } }),
    });
    const { guard } = fixture;
    const answers: Response[] = [];
    for (let user = 0; user < 40; user += 1) {
      const token = await tokenOf(guard, `user-${user}`);
      await (await post(guard, token, chat())).text();
      answers.push(await post(guard, token, chat()));
    }
    const header = (name: string) => new Set(answers.map(({ headers }) => headers.get(name)));
    expect(header('x-guard-reset').size).toBe(1);
    expect(header('retry-after').size).toBeGreaterThan(1);
  });
});
