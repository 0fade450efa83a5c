import { describe, expect, it } from 'vitest';
import type { ImageDetail } from '../../../src/openai/media/image-families.ts';
import { imageRuleOf, imageTokensMost } from '../../../src/openai/media/image-tokens.ts';

type Case = [
  model: string,
  detail: ImageDetail,
  width: number | undefined,
  height: number | undefined,
  tokens: number,
];

const most = (model: string, detail: ImageDetail, width?: number, height?: number) =>
  imageTokensMost(
    imageRuleOf(model),
    detail,
    width === undefined || height === undefined ? undefined : { width, height },
  );

/** By hand from OpenAI's guide "Images and vision" (2026-10), each with 16 tokens more. */
const guide: Case[] = [
  ['gpt-5.4', 'high', 1_024, 1_024, 1_245],
  ['gpt-5.4', 'high', 2_048, 2_048, 3_016],
  ['gpt-5.4', 'auto', 2_048, 2_048, 3_016],
  ['gpt-5.4', 'low', 4_000, 4_000, 4_932],
  ['gpt-5.4', 'original', undefined, undefined, 12_016],
  ['gpt-5.4', 'original', 3_200, 3_200, 12_016],
  ['gpt-5.4-mini-2026-03-17', 'high', undefined, undefined, 3_016],
  ['gpt-5.4-nano', 'high', 32, 32, 18],
  ['gpt-5.5', 'low', undefined, undefined, 324],
  ['gpt-5.5', 'auto', undefined, undefined, 12_016],
  ['gpt-5.5', 'high', undefined, undefined, 3_016],
  ['gpt-5.6-sol', 'low', 8_000, 6_000, 247],
  ['gpt-5.6-terra', 'high', undefined, undefined, 3_016],
  ['gpt-5.6-luna', 'auto', 8_000, 6_000, 56_416],
  ['gpt-5.6', 'original', 8_000, 6_000, 56_416],
  ['gpt-5.6-sol', 'auto', undefined, undefined, Number.POSITIVE_INFINITY],
  ['gpt-5.2', 'high', undefined, undefined, 4_932],
  ['gpt-5-mini', 'high', undefined, undefined, 1_860],
  ['gpt-5-nano', 'auto', undefined, undefined, 2_320],
  ['gpt-4.1-mini', 'high', undefined, undefined, 6_652],
  ['gpt-4.1-nano', 'high', undefined, undefined, 3_795],
  ['o4-mini', 'low', undefined, undefined, 2_658],
  ['gpt-5', 'high', 1_024, 1_024, 646],
  ['gpt-5.1', 'low', 1_024, 1_024, 86],
  ['gpt-4o', 'high', 1_024, 1_024, 781],
  ['gpt-4o-2024-08-06', 'high', 2_048, 4_096, 1_121],
  ['gpt-4o', 'low', 4_096, 8_192, 101],
  ['gpt-4o', 'auto', undefined, undefined, 1_461],
  ['gpt-4o', 'high', 512, 512, 271],
  ['gpt-4o', 'high', 513, 513, 781],
  ['ft:gpt-4.1-2025-04-14:org::id', 'high', 1_024, 1_024, 781],
  ['gpt-4o-mini', 'high', 1_024, 1_024, 25_517],
  ['gpt-4o-mini', 'low', undefined, undefined, 2_849],
  ['o3', 'high', 1_024, 1_024, 691],
  ['o1', 'low', 1_024, 1_024, 91],
];

/** What users were billed for one image (OpenAI's community, thread 1377015, 2026). */
const measured: Case[] = [
  ['gpt-5.4', 'high', undefined, undefined, 3_008],
  ['gpt-5-nano', 'high', undefined, undefined, 2_304],
  ['gpt-5-mini', 'high', undefined, undefined, 1_843],
  ['gpt-4.1-nano', 'high', undefined, undefined, 3_779],
  ['gpt-4o-mini', 'high', 512, 512, 8_512],
  ['gpt-4o-mini', 'high', 1_024, 1_024, 25_501],
];

describe('The tokens of an image', () => {
  it.each(guide)('%s at %s, %s × %s pixels, needs at most %s tokens', (...row) => {
    const [model, detail, width, height, tokens] = row;
    expect(most(model, detail, width, height)).toBe(tokens);
  });

  it.each(measured)('%s at %s, %s × %s pixels, is not below the %s that were billed', (...row) => {
    const [model, detail, width, height, tokens] = row;
    expect(most(model, detail, width, height)).toBeGreaterThanOrEqual(tokens);
    expect(most(model, detail, width, height)).toBeLessThan(tokens + 32);
  });

  it('An image without a known size counts at least as much as any other', () => {
    const sides = [1, 31, 33, 500, 769, 1_500, 2_048, 2_049, 7_000, 100_000];
    for (const [model, detail] of guide) {
      for (const width of sides) {
        for (const height of sides) {
          expect(most(model, detail)).toBeGreaterThanOrEqual(most(model, detail, width, height));
        }
      }
    }
  });

  it('A model without a published rule counts as the dearest of all families', () => {
    for (const model of [
      'gpt-6-astra',
      'gpt-5-pro',
      'gpt-5.1-codex',
      'gpt-4o-audio-preview',
      'm',
    ]) {
      expect(imageRuleOf(model)).toBeUndefined();
      expect(most(model, 'high', 1_024, 1_024)).toBe(25_517);
      expect(most(model, 'high')).toBe(48_185);
      expect(most(model, 'auto')).toBe(Number.POSITIVE_INFINITY);
    }
  });
});
