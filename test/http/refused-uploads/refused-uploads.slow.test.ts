import { describe, expect, it } from 'vitest';
import { hasNginx, startNginx } from './nginx.ts';
import { answersOf, countAnswers, readers, startRefusing } from './refusals.ts';
import { PREFIX } from './sending.ts';

const SIZES = [1_000, 64_000, 512_000, 3_000_000, 12_000_000];
const DIRECT = { sizes: SIZES, times: 4 };
const PROXIED = { sizes: SIZES, times: 2 };

describe.each(readers)('Refused uploads of 1 kB to 12 MB on $name', ({ start }) => {
  it('Each of 240 clients that are refused while they still send gets its answer', async () => {
    await using fixture = await startRefusing();
    await using host = await start(fixture.guard, PREFIX);
    expect(answersOf(DIRECT)).toBe(240);
    expect(await countAnswers(host.port, fixture, DIRECT)).toEqual({ answered: 240 });
  }, 180_000);

  it.skipIf(!hasNginx()).each(['on', 'off'] as const)(
    'Behind nginx, each of 120 gets its answer, with proxy_request_buffering %s',
    async (buffering) => {
      await using fixture = await startRefusing();
      await using host = await start(fixture.guard, PREFIX);
      await using nginx = await startNginx(host.port, buffering);
      expect(answersOf(PROXIED)).toBe(120);
      expect(await countAnswers(nginx.port, fixture, PROXIED)).toEqual({ answered: 120 });
    },
    180_000,
  );
});
