import { it } from 'vitest';
import { assertBounds } from './assert-bounds.ts';

it(
  'No request of any endpoint can use more tokens or money than its hold, and its charge is never below the bill',
  {
    timeout: 300_000,
  },
  () => assertBounds(1_000),
);
