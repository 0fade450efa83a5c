import { describe, expect, it } from 'vitest';
import { mayAllow, modelList, modelsAndSnapshots } from '../../src/plans/model-list.ts';

const PATTERNS = ['gpt-5', 'o4-*'];
const ALLOWED = ['gpt-5', 'o4-', 'o4-mini', 'o4-mini-2025-04-16'];
const OTHERS = ['gpt-5-mini', 'gpt-5-mini-2025-08-07', 'GPT-5', 'o4', '', 'ft:gpt-5:acme::1'];
const SNAPSHOTS = ['gpt-5-2025-08-07', 'gpt-5-2026-01-01'];

describe('A list of models', () => {
  it('allows exact names and prefixes, as they are spelt', () => {
    const { allows, names, hasPatterns } = modelList(PATTERNS);
    expect(ALLOWED.filter(allows)).toEqual(ALLOWED);
    expect([...OTHERS, ...SNAPSHOTS].filter(allows)).toEqual([]);
    expect({ names, hasPatterns }).toEqual({ names: ['gpt-5'], hasPatterns: true });
  });

  it('with snapshots also allows the dated snapshots of an exact name', () => {
    const { allows, names, hasPatterns } = modelsAndSnapshots(PATTERNS);
    expect([...ALLOWED, ...SNAPSHOTS].filter(allows)).toEqual([...ALLOWED, ...SNAPSHOTS]);
    expect(OTHERS.filter(allows)).toEqual([]);
    expect({ names, hasPatterns }).toEqual({ names: ['gpt-5'], hasPatterns: true });
  });

  it.each([
    [['gpt-5'], ['gpt-5', 'gpt-5*', 'gpt*', '*'], ['gpt-5-mini', 'gpt-5-mini*', 'o4*']],
    [
      ['gpt-5-2025-08-07'],
      ['gpt-5', 'gpt-5-2025-08-07', 'gpt-5-*'],
      ['gpt-5-mini', 'gpt-5-2026-01-01'],
    ],
    [['gpt-5-*'], ['gpt-5', 'gpt-5-mini', 'gpt-5-mini*', 'gpt*'], ['gpt-4', 'o4*']],
    [['*'], ['gpt-5', 'o4*', '*'], []],
  ])('of %o may allow what a limit or a stop names, snapshots included', (allowed, some, none) => {
    const list = modelList(allowed);
    expect([...some, ...none].filter((named) => mayAllow(list, named))).toEqual(some);
  });
});
