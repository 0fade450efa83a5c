import { describe, expect, it } from 'vitest';
import { chatUsage, largerReading } from '../../src/openai/answer/usage.ts';

const counts = { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 };
const readingOf = (more: object) => {
  const reading = chatUsage({ model: 'openai/gpt-5-mini', usage: { ...counts, ...more } });
  if (reading === undefined) throw new Error('no reading');
  return reading;
};
const reported = (more: object) => readingOf(more).reportedNanoUsd;
const ofProvider = (usd: unknown) => ({ cost_details: { upstream_inference_cost: usd } });

describe('the cost that a host reports', () => {
  it.each([
    ['dollars become nano-USD', { cost: 0.00014 }, 140_000],
    ['the noise of a double adds nothing', { cost: 0.1 + 0.2 }, 300_000_000],
    ['less than a nano-USD is rounded up', { cost: 1e-10 }, 1],
    ['nothing costs nothing', { cost: 0 }, 0],
    [
      'the price of the provider is the same money',
      { cost: 0.5, is_byok: false, ...ofProvider(0.5) },
      500_000_000,
    ],
    [
      'with a key of the provider, its price is added to the fee',
      { cost: 0.01, is_byok: true, ...ofProvider(0.2) },
      210_000_000,
    ],
    [
      'the larger one counts where it does not say whose key it was',
      { cost: 0.01, ...ofProvider(0.2) },
      200_000_000,
    ],
    ['a price of the provider that is no number is none', { cost: 0.01, ...ofProvider('x') }, 1e7],
    ['ticks are a tenth of a nano-USD, rounded up', { cost_in_usd_ticks: 37_756_001 }, 3_775_601],
    ['no ticks cost nothing', { cost_in_usd_ticks: 0 }, 0],
  ])('%s', (_title, more, nanoUsd) => expect(reported(more)).toBe(nanoUsd));

  it.each([
    { cost_in_usd_ticks: null },
    { cost_in_usd_ticks: '1' },
    { cost_in_usd_ticks: -1 },
    { cost_in_usd_ticks: 1e14 },
    {},
    { cost: null },
    { cost: '0.1' },
    { cost: -1 },
    { cost: 1e9 },
    { cost: Number.NaN },
  ])('is not there for %j', (more) => expect(reported(more)).toBeUndefined());

  it('never falls within one stream', () => {
    const [early, late, silent] = [{ cost: 0.2 }, { cost: 0.1 }, {}].map(readingOf);
    if (early === undefined || late === undefined || silent === undefined) throw new Error();
    expect(largerReading(early, late).reportedNanoUsd).toBe(2e8);
    expect(largerReading(late, early).reportedNanoUsd).toBe(2e8);
    expect(largerReading(early, silent).reportedNanoUsd).toBe(2e8);
    expect(largerReading(silent, silent)).not.toHaveProperty('reportedNanoUsd');
  });
});
