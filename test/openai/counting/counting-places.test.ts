import { describe, expect, it } from 'vitest';
import { CountingPlaces } from '../../../src/openai/counting/counting-places.ts';
import { START_MS, settableClock } from '../../../src/testing/ledger-conformance/case.ts';

function places() {
  const clock = settableClock(START_MS);
  const all = new CountingPlaces(clock);
  /** Takes a place until it is ended. */
  const take = (user: string) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    return { counted: all.use(user, () => promise), end: () => resolve(7) };
  };
  const count = (user: string) => all.use(user, async () => 7);
  return { clock, all, take, count };
}

describe('The places for counting', () => {
  it('are one for each user at a time', async () => {
    const { take, count } = places();
    const first = take('ada');
    expect(await count('ada')).toBeUndefined();
    expect(await count('bob')).toBe(7);
    first.end();
    expect(await first.counted).toBe(7);
    expect(await count('ada')).toBe(7);
  });

  it('are at most ten for each user in a minute', async () => {
    const { clock, count } = places();
    for (let counts = 0; counts < 10; counts += 1) expect(await count('ada')).toBe(7);
    expect(await count('ada')).toBeUndefined();
    expect(await count('bob')).toBe(7);
    clock.set(START_MS + 60_000);
    expect(await count('ada')).toBe(7);
  });

  it('are nine for all users at once', async () => {
    const { take, count } = places();
    const taken = Array.from({ length: 9 }, (_, user) => take(`user ${user}`));
    expect(await count('one too many')).toBeUndefined();
    taken[0]?.end();
    await taken[0]?.counted;
    expect(await count('one too many')).toBe(7);
  });

  it('are given back when a count fails', async () => {
    const { all, count } = places();
    const broken = all.use('ada', () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    expect(await count('ada')).toBe(7);
  });
});
