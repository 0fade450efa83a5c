import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectQuery, Query } from '../../src/openai/answer/json-query.ts';
import { JsonScanner } from '../../src/openai/answer/json-scanner.ts';

const query = {
  a: 'scalar',
  b: 'json',
  c: { a: 'scalar', l: ['scalar'] },
  l: [{ a: 'scalar', b: 'json', l: [['json']] }],
} as const satisfies ObjectQuery;

const NOTHING = Symbol('nothing');

/** What the query asks of a value that JSON.parse made. */
function pruned(asked: Query, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null;
  if (asked === 'json') return value;
  if (asked === 'scalar') return isObject ? NOTHING : value;
  if (Array.isArray(asked)) {
    if (!Array.isArray(value)) return NOTHING;
    return value.map((item) => pruned(asked[0], item)).filter((item) => item !== NOTHING);
  }
  if (!isObject || Array.isArray(value)) return NOTHING;
  const entries = Object.entries(asked as ObjectQuery)
    .filter(([key]) => Object.hasOwn(value, key))
    .map(([key, part]) => [key, pruned(part, (value as Record<string, unknown>)[key])] as const);
  return Object.fromEntries(entries.filter(([, part]) => part !== NOTHING));
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

function scan(text: string, size = text.length, asked: ObjectQuery = query): JsonScanner {
  const bytes = latin1(text);
  const scanner = new JsonScanner(asked);
  for (let at = 0; at < bytes.length; at += size) scanner.push(bytes.slice(at, at + size));
  return scanner;
}

/**
 * No key is another one with a quote in place of its last backslash: the V8 of Node 24 (13.6) reads `"\""`
 * as a backslash after it has parsed an object of the same shape with that key, and would be no oracle.
 */
const keys = ['a', 'b', 'c', 'l', 'é', 'q"', '\\', '', 'toString', 'x'.repeat(40)] as const;
const key = fc.constantFrom(...keys);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('\\', '\\"', '{"a":1}', ']}', '🌍', ''),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));
const anyText = fc
  .tuple(fc.dictionary(key, anyValue, { maxKeys: 8 }), fc.constantFrom(undefined, 1, '\t'))
  .map(([json, indent]) => JSON.stringify(json, null, indent));

describe('The JSON scanner', () => {
  it.each([1, 2, 3, 7, 64, 1_000])(
    'It reads what JSON.parse reads, from any object in pieces of %i bytes',
    (size) => {
      fc.assert(
        fc.property(anyText, (text) => {
          expect(scan(text, size).value).toEqual(pruned(query, JSON.parse(text)));
        }),
        { numRuns: 1_000 },
      );
    },
  );

  it('An escaped name is the name that it stands for', () => {
    expect(scan('{"\\u0061":1,"l":[{"\\u0062":{"x":2}}]}', 3).value).toEqual({
      a: 1,
      l: [{ b: { x: 2 } }],
    });
  });

  it('Of two members with one name, the larger counts are read', () => {
    const usage = (one: object, other: unknown) =>
      scan(`{"b":${JSON.stringify(one)},"b":${JSON.stringify(other)}}`).value?.['b'];
    expect(usage({ x: 9, y: 1 }, { x: 2, y: 5, z: 3 })).toEqual({ x: 9, y: 5, z: 3 });
    expect(usage({ x: 9 }, null)).toEqual({ x: 9 });
    expect(scan('{"c":{"a":5},"c":{"a":3},"l":[{"a":1}],"l":[{"a":2}]}').value).toEqual({
      c: { a: 5 },
      l: [{ a: 1 }, { a: 2 }],
    });
  });

  it.each([
    '',
    ' ',
    '[]',
    '"a"',
    '5',
    'null',
    '{',
    '{"a":1',
    '{"a":1}}',
    '{"a":1}{"a":2}',
    '{"a":tru}',
    '{"a" 1}',
    '{"a":,}',
    '{"l":[{"a":1}}',
    '{"x":"\\"}',
    '{a:1}',
    '<html>',
  ])('A text that is not one whole object has no value: %j', (text) => {
    for (const size of [1, 2, text.length || 1]) {
      const scanner = scan(text, size);
      expect([scanner.isWhole, scanner.value]).toEqual([false, undefined]);
    }
  });

  it('A text that is cut anywhere has no value', () => {
    const text = '{"a":1,"x":{"y":["]",{"\\"":"\\\\"}]},"b":{"z":[1,2]},"l":[{"a":"é"}]}';
    const bytes = latin1(text);
    for (let cut = 0; cut < bytes.length; cut++) {
      const scanner = new JsonScanner(query);
      scanner.push(bytes.slice(0, cut));
      expect(scanner.value).toBeUndefined();
      scanner.push(bytes.slice(cut));
      expect(scanner.value).toEqual(pruned(query, JSON.parse(text)));
    }
  });

  it('More than 512 levels are not read', () => {
    const deep = (levels: number) => `{"x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(scan(deep(512)).isWhole).toBe(true);
    expect(scan(deep(513)).isWhole).toBe(false);
    expect(scan(`{"b":${'['.repeat(100_000)}`).isWhole).toBe(false);
  });

  it('A value of more than 64 kB is left out, and the rest is read', () => {
    const long = 'x'.repeat(65 * 1024);
    const text = JSON.stringify({ a: long, b: { long }, [long]: 1, c: { a: 2, l: [long, 'y'] } });
    for (const size of [1_000, text.length]) {
      expect(scan(text, size).value).toEqual({ c: { a: 2, l: ['y'] } });
    }
  });

  it('What is kept of one text is bounded', () => {
    const items = Array.from({ length: 200_000 }, () => '{"a":1}').join(',');
    expect(scan(`{"l":[${items}]}`).isWhole).toBe(false);
    expect(scan(`{"x":[${items}]}`).isWhole).toBe(true);
  });
});
