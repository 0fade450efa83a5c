import { expect, it } from 'vitest';
import { idleLimits } from '../../src/guard/idle-limits.ts';
import { parseOptions } from '../../src/options/guard-options.ts';
import { canaries } from '../fixture.ts';

it('A limit in a unit of which no call uses anything yet is warned of, on every level', () => {
  const settings = parseOptions({
    apiKey: 'sk-none',
    secret: canaries.secret,
    plans: {
      free: {
        models: ['mini'],
        limits: [
          { requests: 5, per: 'day' },
          { images: 5, per: 'day' },
        ],
      },
    },
    groups: { team: { limits: [{ seconds: 60, per: 'day' }] } },
    limits: [
      { images: 500, per: 'month' },
      { usd: 5, per: 'day' },
    ],
    anonymousLimits: [{ images: 9, per: 'day' }],
  });
  const starts = [...idleLimits(settings)].map(([, sentence]) => sentence.split('. ')[0]);
  expect(starts).toEqual([
    'Plan "free": the limit "images-day" counts images',
    'Groups of the kind "team": the limit "seconds-day" counts seconds',
    'All users: the limit "anonymous-images-day" counts images',
    'All users: the limit "images-month" counts images',
  ]);
});
