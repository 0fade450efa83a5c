import { describe, expect, it } from 'vitest';
import { durationMs, retryAfterMs } from '../../../src/upstream/capacity/header-times.ts';
import { readLimits } from '../../../src/upstream/capacity/limit-headers.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const of =
  (headers: Readonly<Record<string, string>>) =>
  (name: string): string | undefined =>
    headers[name];

/** The headers of one limit, as OpenAI spells them. */
const limitOf = (limit: string, remaining: string, reset?: string, name = 'tokens') =>
  of({
    [`x-ratelimit-limit-${name}`]: limit,
    [`x-ratelimit-remaining-${name}`]: remaining,
    ...(reset !== undefined && { [`x-ratelimit-reset-${name}`]: reset }),
  });

describe('The headers of a limit', () => {
  // Answers that were shown in public.
  it.each([
    ['OpenAI', '5000', '4999', '12ms', MINUTE],
    ['OpenAI', '160000', '159976', '9ms', MINUTE],
    ['OpenAI', '1500000', '1495621', '4m12.172s', DAY],
    ['OpenAI', '1500000', '43244', '23h18m29.144s', DAY],
    ['OpenAI', '10000', '9994', '46.001s', DAY],
    ['OpenAI', '60000', '4787', '55.212s', MINUTE],
    ['OpenAI', '500', '498', '176ms', MINUTE],
    ['OpenAI', '3500', '3499', '17ms', MINUTE],
    ['Groq', '6000', '4838', '11.62s', MINUTE],
    ['Groq', '14400', '14399', '6s', DAY],
    ['Groq', '6000', '5719', '2.81s', MINUTE],
    ['Groq', '14400', '14370', '2m59.56s', DAY],
  ])('show the period by arithmetic: %s %s/%s %s', (_host, limit, remaining, reset, periodMs) => {
    expect(readLimits(limitOf(limit, remaining, reset))).toMatchObject([
      { bucket: 'tokens', limit: Number(limit), remaining: Number(remaining), periodMs },
    ]);
  });

  it.each([
    ['a full bucket', '500', '500', '0s'],
    ['no reset', '500', '400', undefined],
    ['a documented example that is neither a minute nor a day', '18000', '17997', '7.66s'],
    ['bare seconds, which are the end of a window', '100000', '99930', '60'],
    ['a date', '100', '90', '2026-03-19T12:00:00Z'],
    ['words', '100', '90', 'soon'],
  ])('show no period: %s', (_case, limit, remaining, reset) => {
    expect(readLimits(limitOf(limit, remaining, reset))[0]?.periodMs).toBeUndefined();
  });

  it('show a day where bare seconds are longer than a minute’s window', () => {
    expect(readLimits(limitOf('1000', '750', '3600'))[0]?.periodMs).toBe(DAY);
  });

  it.each([
    ['-1, as Azure writes', '-1', '-1', '0'],
    ['0, as Mistral writes for a model outside the plan', '0', '0', '1s'],
    ['no whole number', '1e3', '5', '1s'],
    ['a number of 16 digits', '1000000000000000', '5', '1s'],
    ['an unknown rest', '500', '-1', '1s'],
  ])('say nothing: %s', (_case, limit, remaining, reset) => {
    expect(readLimits(limitOf(limit, remaining, reset))).toEqual([]);
  });

  it('say nothing when only the rest is there, as Azure sends it from a cache', () => {
    const azure = {
      'x-ratelimit-remaining-requests': '79',
      'x-ratelimit-remaining-tokens': '61353',
    };
    expect(readLimits(of(azure))).toEqual([]);
  });

  it('never show more than the limit as the rest', () => {
    expect(readLimits(limitOf('500', '700', '1s'))[0]?.remaining).toBe(500);
  });

  it('of requests, tokens and a project’s tokens are three limits', () => {
    const three = (name: string) =>
      limitOf('500', '498', '176ms', 'requests')(name) ??
      limitOf('60000', '4787', '55.212s')(name) ??
      limitOf('40000', '10000', '45s', 'project-tokens')(name);
    expect(readLimits(three).map(({ bucket, limit }) => [bucket, limit])).toEqual([
      ['requests', 500],
      ['tokens', 60_000],
      ['project-tokens', 40_000],
    ]);
  });

  it('may name the period, as Mistral’s and Cerebras’ do', () => {
    const mistral = of({
      'x-ratelimit-limit-tokens-minute': '5000000',
      'x-ratelimit-remaining-tokens-minute': '4999911',
      'x-ratelimit-tokens-query-cost': '52',
      'x-ratelimit-limit-req-minute': '720',
      'x-ratelimit-remaining-req-minute': '717',
    });
    const cerebras = of({
      'x-ratelimit-limit-requests-day': '14400',
      'x-ratelimit-remaining-requests-day': '14399',
      'x-ratelimit-reset-requests-day': '33011.382867',
      'x-ratelimit-limit-tokens-minute': '60000',
      'x-ratelimit-remaining-tokens-minute': '50',
      'x-ratelimit-reset-tokens-minute': '26.5',
    });
    expect(readLimits(mistral)).toMatchObject([
      { bucket: 'requests', limit: 720, remaining: 717, periodMs: MINUTE },
      { bucket: 'tokens', limit: 5_000_000, remaining: 4_999_911, periodMs: MINUTE },
    ]);
    expect(readLimits(cerebras).map(({ bucket, periodMs }) => [bucket, periodMs])).toEqual([
      ['requests', DAY],
      ['tokens', MINUTE],
    ]);
  });
});

describe('A duration of a header', () => {
  it.each([
    ['12ms', 12],
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['23h18m29.144s', 83_909_144],
    ['1d2h', 93_600_000],
    ['7.66s', 7_660],
    ['26.5', 26_500],
    ['60', 60_000],
    ['0', 0],
  ])('%s is %d ms', (text, ms) => expect(durationMs(text)).toBeCloseTo(ms, 6));

  it.each(['', 'x', '-1', '1 s', '1s ', '5e3', 'NaN', '1w', `${'1h'.repeat(20)}`])(
    '%j is none',
    (text) => expect(durationMs(text)).toBeUndefined(),
  );
});

describe('The hint of a refusal', () => {
  const NOW = Date.parse('2026-11-20T12:00:00Z');

  it.each([
    ['milliseconds', { 'retry-after-ms': '1536', 'retry-after': '2' }, 1_536],
    ['seconds', { 'retry-after': '20' }, 20_000],
    ['a fraction', { 'retry-after': '0.5' }, 500],
    ['a duration', { 'retry-after': '1m0s' }, 60_000],
    ['a date', { 'retry-after': 'Fri, 20 Nov 2026 12:00:07 GMT' }, 7_000],
    [
      'a date beside the host’s own',
      { 'retry-after': 'Fri, 20 Nov 2026 09:00:07 GMT', date: 'Fri, 20 Nov 2026 09:00:00 GMT' },
      7_000,
    ],
    ['a date that has passed', { 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, 0],
    ['an hour, of which a minute is obeyed', { 'retry-after': '3600' }, 60_000],
    ['OpenRouter’s end of the window', { 'x-ratelimit-reset': String(NOW + 4_000) }, 4_000],
    ['an end of the window in seconds', { 'x-ratelimit-reset': String(NOW / 1_000 + 9) }, 9_000],
    ['nothing', {}, undefined],
    ['words', { 'retry-after': 'later' }, undefined],
    ['a date in words', { 'retry-after': 'tomorrow GMT' }, undefined],
    ['a number below zero', { 'retry-after': '-5' }, undefined],
    ['a short number of an unknown unit', { 'x-ratelimit-reset': '30' }, undefined],
  ])('%s', (_case, headers: Record<string, string>, ms) => {
    expect(retryAfterMs(of(headers), NOW)).toBe(ms);
  });
});
