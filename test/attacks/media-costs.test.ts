import { describe, expect, it } from 'vitest';
import { chat, codeOf, post, startFixture, tokenOf } from '../fixture.ts';
import { dataUrl, gif, jpegOfTwo, png, webpExtended } from '../openai/media/images.ts';
import { nextSettled } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const small = png(1, 1);
const blank = png(2_048, 2_048);

/** What users were billed for one image (OpenAI's community, thread 1377015, 2026). */
const billed: [model: string, image: Buffer, detail: string | undefined, tokens: number][] = [
  ['gpt-5.4', blank, 'high', 3_008],
  ['gpt-5.4', blank, undefined, 3_008],
  ['gpt-5-nano', blank, undefined, 2_304],
  ['gpt-5-mini', blank, 'low', 1_843],
  ['gpt-4.1-nano', blank, 'high', 3_779],
  ['gpt-4o-mini', png(512, 512), 'high', 8_512],
  ['gpt-4o-mini', png(1_024, 1_024), undefined, 25_501],
  ['gpt-4o-mini', gif(1, 1, [0, 0, 1_024, 1_024]), undefined, 25_501],
  ['gpt-4o-mini', webpExtended(1, 1, [1_024, 1_024]), undefined, 25_501],
  ['gpt-4o-mini', jpegOfTwo(1_024, 1_024), undefined, 25_501],
  ['gpt-4o-mini', Buffer.from('a broken image'), undefined, 25_501],
];

const withImages = (model: string, image: Buffer, detail: string | undefined, count = 1) => {
  const image_url = { url: dataUrl(image), ...(detail && { detail }) };
  const content = Array.from({ length: count }, () => ({ type: 'image_url', image_url }));
  return chat({ model, messages: [{ role: 'user', content }] });
};

describe('What images cost', () => {
  it.each(billed)('The hold covers what one image was billed (%#: %s)', async (...row) => {
    const [model, image, detail, imageTokens] = row;
    const ledger = spiedLedger();
    const limits = [
      { usd: 1, per: 'day' as const },
      { inputTokens: 1_000_000, per: 'day' as const },
    ];
    const plans = { free: { models: ['*'], allow: { images: {} }, limits } };
    await using fixture = await startFixture({ plans, ledger });
    fixture.fake.scriptNext({ imageTokens });
    const settled = nextSettled(fixture.guard, 'ada');
    const answer = await post(
      fixture.guard,
      await tokenOf(fixture.guard),
      withImages(model, image, detail),
    );
    expect(answer.status).toBe(200);
    const charge = await settled;
    const { held } = ledger.reserved[0] ?? {};
    expect(charge.inputTokens).toBe(fixture.fake.invoice[0]?.inputTokens);
    expect(charge.inputTokens).toBeGreaterThan(imageTokens);
    expect(held?.inputTokens).toBeGreaterThanOrEqual(charge.inputTokens);
    expect(held?.nanoUsd).toBeGreaterThanOrEqual(charge.costNanoUsd ?? Number.NaN);
  });

  it('Many small files cannot pass a limit of tokens', async () => {
    const limits = [{ inputTokens: 26_000, per: 'day' as const }];
    const plans = { free: { models: ['gpt-5*'], allow: { images: {} }, limits } };
    await using fixture = await startFixture({ plans });
    const token = await tokenOf(fixture.guard);
    fixture.fake.scriptNext({ imageTokens: 3_008 }, 2);
    const sixteen = await post(fixture.guard, token, withImages('gpt-5.4', blank, 'high', 16));
    expect([sixteen.status, await codeOf(sixteen)]).toEqual([400, 'call_exceeds_limit']);
    const settled = nextSettled(fixture.guard, 'ada');
    const eight = await post(fixture.guard, token, withImages('gpt-5.4', blank, 'high', 8));
    expect(eight.status).toBe(200);
    await settled;
    expect(fixture.fake.invoice.map(({ inputTokens }) => inputTokens <= 26_000)).toEqual([true]);
  });

  it('The number of a plan never makes an image cheaper than it is', async () => {
    const limits = [{ inputTokens: 26_000, per: 'day' as const }];
    const allow = { images: { tokensEach: 1_500 } };
    const plans = { free: { models: ['gpt-5*'], allow, limits } };
    await using fixture = await startFixture({ plans });
    const token = await tokenOf(fixture.guard);
    const large = await post(fixture.guard, token, withImages('gpt-5.4', blank, 'high'));
    expect([large.status, await codeOf(large)]).toEqual([400, 'parameter_not_allowed']);
    expect((await post(fixture.guard, token, withImages('gpt-5.4', small, 'high'))).status).toBe(
      200,
    );
    expect(fixture.fake.requests).toHaveLength(1);
  });
});
