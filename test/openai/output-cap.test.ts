import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import type { BuiltRequest } from '../../src/openai/request/build-request.ts';
import { attempt, build } from './building.ts';
import { endpointNamed } from './named.ts';

const capSpellings = [
  ['chat.completions', 'max_tokens'],
  ['chat.completions', 'max_completion_tokens'],
  ['responses', 'max_output_tokens'],
  ['completions', 'max_tokens'],
] as const;

describe('The output cap', () => {
  it.each(capSpellings)(
    '%s: %s above the plan is lowered, and one canonical field is sent',
    (name, field) => {
      const canonical = endpointNamed(name).outputCap?.field ?? '';
      for (const [asked, sent] of [
        [50, 50],
        [1_000, 1_000],
        [1_001, 1_000],
        [2 ** 53 - 1, 1_000],
      ] as const) {
        const { body, outputCapTokens } = build(name, { [field]: asked });
        const caps = Object.keys(body).filter((key) => key.startsWith('max_'));
        expect(caps).toEqual([canonical]);
        expect([body[canonical], outputCapTokens]).toEqual([sent, sent]);
      }
    },
  );

  it('The plan’s output cap is sent when the client sends none', () => {
    expect(build('chat.completions').body).toMatchObject({ max_completion_tokens: 1_000 });
    expect(build('responses').body).toMatchObject({ max_output_tokens: 1_000 });
  });

  it('The smaller of two output caps applies', () => {
    for (const [a, b] of [
      [10, 20],
      [20, 10],
    ] as const) {
      const { body } = build('chat.completions', { max_tokens: a, max_completion_tokens: b });
      expect(body).toMatchObject({ max_completion_tokens: 10 });
      expect(body).not.toHaveProperty('max_tokens');
    }
  });

  it('A completion without a cap keeps OpenAI’s default of 16, and a response has at least 16', () => {
    expect(build('completions')).toMatchObject({ body: { max_tokens: 16 }, outputCapTokens: 16 });
    const small = build('responses', { max_output_tokens: 1 });
    expect(small).toMatchObject({ body: { max_output_tokens: 16 }, outputCapTokens: 16 });
  });

  const notCounts = [
    -5,
    0,
    -0,
    1.5,
    '999',
    true,
    [],
    [5],
    {},
    2 ** 53,
    Number.POSITIVE_INFINITY,
    Number.NaN,
  ];
  const counted = [
    ...capSpellings,
    ['chat.completions', 'n'],
    ['completions', 'n'],
    ['completions', 'best_of'],
    ['responses', 'max_tool_calls'],
    ['embeddings', 'dimensions'],
  ] as const;
  it.each(counted)('%s rejects %s unless it is a whole number from 1', (name, field) => {
    for (const value of notCounts) {
      expect(attempt(name, { [field]: value }), String(value)).toMatchObject({
        code: 'invalid_request',
        param: field,
      });
    }
  });

  it.each(counted)('%s treats %s: null like a request without it', (name, field) => {
    const costOf = ({ body, hostedFeesFor, bound, ...cost }: BuiltRequest) => cost;
    const left = Object.entries(build(name).body);
    const built = build(name, { [field]: null });
    expect(costOf(built)).toEqual(costOf(build(name)));
    expect(Object.entries(built.body)).toEqual(expect.arrayContaining(left));
  });

  it('The output cap is always positive and within the plan, whatever the client sends', () => {
    fc.assert(
      fc.property(fc.constantFrom(...capSpellings), fc.jsonValue(), ([name, field], value) => {
        const built = attempt(name, { [field]: value });
        if (isDenial(built)) return;
        expect(built.outputCapTokens).toBeGreaterThan(0);
        expect(built.outputCapTokens).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});

describe('Fields that multiply the output', () => {
  it.each([
    ['chat.completions', { n: 4, max_tokens: 10 }, 40],
    ['completions', { n: 2, best_of: 4, max_tokens: 10 }, 40],
    ['completions', { prompt: ['a', 'b', 'c'], max_tokens: 10 }, 30],
    ['completions', { prompt: ['a', 'b', 'c'], n: 2, max_tokens: 10 }, 60],
    ['completions', { prompt: [1, 2, 3], max_tokens: 10 }, 10],
    ['completions', { prompt: [[1, 2], [3]], max_tokens: 10 }, 20],
    ['embeddings', { input: ['a', 'b'] }, 0],
  ] as const)('%s with %j holds %i output tokens', (name, more, tokens) => {
    expect(build(name, more).outputCapTokens).toBe(tokens);
  });

  it.each([
    ['chat.completions', 'n'],
    ['completions', 'n'],
    ['completions', 'best_of'],
  ] as const)('%s rejects %s above the plan’s maxChoices', (name, field) => {
    const denial = attempt(name, { [field]: 5 });
    expect(denial).toMatchObject({ code: 'parameter_not_allowed', param: field });
  });

  it('More than 2,048 texts to embed are rejected, but any number of token ids is accepted', () => {
    const texts = (count: number) => ({ input: Array.from({ length: count }, () => 'a') });
    expect(isDenial(attempt('embeddings', texts(2_048)))).toBe(false);
    expect(attempt('embeddings', texts(2_049))).toMatchObject({ param: 'input' });
    expect(isDenial(attempt('embeddings', { input: Array.from({ length: 3_000 }, () => 7) }))).toBe(
      false,
    );
  });

  it.each([[[]], [[[]]], [5], [{}], [['a', 1]], [[1, 'a']], [[1.5]], [[-1]]])(
    'The value %j is rejected as a prompt and as an embedding input',
    (value) => {
      expect(attempt('completions', { prompt: value })).toMatchObject({
        param: expect.stringMatching(/^prompt/),
      });
      expect(attempt('embeddings', { input: value })).toMatchObject({
        param: expect.stringMatching(/^input/),
      });
    },
  );
});
