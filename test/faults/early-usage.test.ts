import { describe, expect, it } from 'vitest';
import { nextSettled } from '../attacks/served.ts';
import { post, startFixture, tokenOf } from '../fixture.ts';
import { incoming } from './incoming.ts';

const WORDS = 40;
/** The fake counts four letters as a token. */
const TEXT = Array.from({ length: WORDS }, (_, index) => `${100 + index} `).join('');
const LETTERS = 'abc '.repeat(900);
const SHOWS_ALL = 'gpt-4o';
const HIDES = 'gpt-5-mini';
const price = { tokens: { input: 1, output: 2 } };
const settings = {
  plans: {
    free: { models: ['*'], maxOutputTokens: 1_000, limits: [{ usd: 10, per: 'day' as const }] },
  },
  prices: { [SHOWS_ALL]: price, [HIDES]: price },
  onDisconnect: 'abort' as const,
};

const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const early = { prompt_tokens: 900, completion_tokens: 1, total_tokens: 901 };
const usages = [
  ['zeros in every chunk', { usageIn: 'every-chunk', usage: zeros }],
  ['the same count in every chunk', { usageIn: 'every-chunk', usage: early }],
  ['running totals', { usageIn: 'every-chunk' }],
] as const;
const endings = ['the client leaves at the last word', 'OpenAI breaks off'] as const;
const models = [SHOWS_ALL, HIDES] as const;

describe.each(models)('A stream of %s with usage before its end', (model) => {
  describe.each(endings)('%s', (ending) => {
    it.each(usages)(
      'A usage that came early is only the least that is charged: %s',
      async (_, script) => {
        await using fixture = await startFixture(settings);
        const { fake, guard } = fixture;
        const gate = fake.gate();
        const breaks = ending === 'OpenAI breaks off';
        fake.scriptNext({
          text: TEXT,
          ...script,
          ...(breaks ? { break: { with: 'eof', afterChunks: WORDS } } : { betweenChunks: gate }),
        });
        const settled = nextSettled(guard, 'ada');
        const body = { model, stream: true, messages: [{ role: 'user', content: LETTERS }] };
        const stream = incoming(await post(guard, await tokenOf(guard), body));
        if (breaks) await stream.whole();
        else {
          gate.pass(WORDS - 1);
          await stream.until(`${100 + WORDS - 2} `);
          await stream.cancel();
        }
        const charge = await settled;
        gate.open();
        await fake.idle();
        expect(charge).toMatchObject({ estimated: true, usage: undefined });
        expect(charge.inputTokens).toBeGreaterThanOrEqual(900);
        expect(charge.outputTokens).toBeGreaterThanOrEqual(WORDS - 1);
        expect(charge.costNanoUsd).toBeGreaterThanOrEqual(900 * 1_000 + (WORDS - 1) * 2_000);
        if (model === HIDES) expect(charge.outputTokens).toBe(1_000);
      },
    );
  });
});

describe('A usage above the hold in a stream that breaks', () => {
  it('It is charged although it is not final', async () => {
    await using fixture = await startFixture(settings);
    const { fake, guard } = fixture;
    const usage = { prompt_tokens: 90_000, completion_tokens: 5_000 };
    const cut = { with: 'eof', afterChunks: 20 } as const;
    fake.scriptNext({ text: TEXT, usageIn: 'every-chunk', usage, break: cut });
    const settled = nextSettled(guard, 'ada');
    const body = { model: HIDES, stream: true, messages: [{ role: 'user', content: 'Hi.' }] };
    await (await post(guard, await tokenOf(guard), body)).text();
    expect(await settled).toMatchObject({
      estimated: true,
      inputTokens: 90_000,
      outputTokens: 5_000,
      costNanoUsd: 90_000 * 1_000 + 5_000 * 2_000,
    });
    expect(fixture.failed.map(({ source }) => source)).toContain('overrun');
  });
});
