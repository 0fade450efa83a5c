import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { checkParsedJson, parseStrictJson } from '../../src/core/json.ts';

const parse = (text: string | Uint8Array) => parseStrictJson(Buffer.from(text as string));
const parsed = (text: string) => {
  const result = parse(text);
  if (isDenial(result)) throw new Error(result.message);
  return result;
};
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** JSON values without the keys that are rejected. */
const json = fc
  .jsonValue({ maxDepth: 6 })
  .filter((value) => !/"(__proto__|constructor|prototype)":/.test(JSON.stringify(value)));

describe('parseStrictJson', () => {
  it('parseStrictJson returns the same value as JSON.parse', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parsed(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it('parseStrictJson returns an upper bound of the bytes of the value when it is written again', () => {
    fc.assert(
      fc.property(json, (value) => {
        const { bytes } = parsed(JSON.stringify(value));
        expect(bytes).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
    const short = parsed('[1e20,1e20,1e-6]');
    expect(short.bytes).toBeGreaterThanOrEqual(JSON.stringify(short.value).length);
  });

  it.each([
    ['top level', '{"model":"cheap","model":"dear"}'],
    ['nested', '{"a":[{"b":1,"c":2,"b":3}]}'],
    ['escaped differently', '{"model":"cheap","\\u006dodel":"dear"}'],
    ['after a string full of colons', '{"x":"a:b\\":\\\\","y":1,"y":2}'],
    ['empty keys', '{"":1,"":2}'],
    ['number-like keys', '{"1":1,"1":2}'],
  ])('parseStrictJson rejects duplicate keys: %s', (_, text) => {
    expect(parse(text)).toMatchObject({ denied: true, code: 'invalid_request' });
  });

  it('parseStrictJson rejects an object exactly when one of its keys is duplicated', () => {
    const keys = fc.array(fc.string({ maxLength: 3 }), { maxLength: 6 });
    fc.assert(
      fc.property(keys, fc.string(), (names, text) => {
        fc.pre(!names.some((name) => ['__proto__', 'constructor', 'prototype'].includes(name)));
        const members = names.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(text)}`);
        const result = parse(`{"outer": {${members.join(' , ')}}}`);
        expect(isDenial(result)).toBe(new Set(names).size !== names.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])(
    'parseStrictJson rejects the key %s anywhere and changes no prototype',
    (key) => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      for (const text of [`{"${key}":{"x":1}}`, `{"a":[{"${key}":null}]}`]) {
        expect(parse(text)).toMatchObject({ denied: true, code: 'invalid_request' });
      }
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    },
  );

  it('parseStrictJson rejects more than 64 levels before it builds a value', () => {
    expect(isDenial(parse(nested(64)))).toBe(false);
    for (const depth of [65, 1_000, 100_000, 1_000_000]) {
      expect(parse(nested(depth))).toMatchObject({ denied: true, code: 'invalid_request' });
    }
    expect(isDenial(parse('{"a":'.repeat(100_000)))).toBe(true);
    expect(isDenial(parse(JSON.stringify('[{'.repeat(100))))).toBe(false);
  });

  it('parseStrictJson rejects more than 100,000 keys or elements', () => {
    const many = Array.from({ length: 150_000 }, (_, i) => i);
    expect(isDenial(parse(JSON.stringify(many)))).toBe(true);
    expect(isDenial(parse(JSON.stringify(Object.fromEntries(many.map((i) => [`k${i}`, 0])))))).toBe(
      true,
    );
    expect(isDenial(parse(JSON.stringify(many.slice(0, 100_000))))).toBe(false);
  });

  it('parseStrictJson rejects too many different keys before it builds a value, and takes as many that repeat', () => {
    const objects = (count: number, key: (index: number) => string) =>
      JSON.stringify(Array.from({ length: count }, (_, index) => ({ [key(index)]: 0 })));
    expect(parse(objects(40_000, (index) => `k${index}`))).toMatchObject({
      message: 'The body has more than 10000 different keys.',
    });
    expect(isDenial(parse(objects(10_000, (index) => `k${index}`)))).toBe(false);
    expect(isDenial(parse(objects(40_000, (index) => `k${index % 100}`)))).toBe(false);
  });

  it('parseStrictJson rejects too many different short strings before it builds a value', () => {
    const strings = (count: number, text: (index: number) => string) =>
      JSON.stringify(Array.from({ length: count }, (_, index) => text(index)));
    expect(parse(strings(80_000, (index) => `${index}`))).toMatchObject({
      message: 'The body has more than 20000 different strings of at most 10 bytes.',
    });
    for (const text of [
      (index: number) => `${index % 9_000}`,
      (index: number) => `long ${index} text`,
    ]) {
      expect(isDenial(parse(strings(90_000, text)))).toBe(false);
      // What one text had does not count for the next one.
      expect(isDenial(parse(strings(20_000, (index) => `${index}`)))).toBe(false);
    }
  });

  it('parseStrictJson finds the end of every string, with whatever is escaped in it', () => {
    const parts = fc.constantFrom('\\', '"', 'x', '\n', 'é', 'x'.repeat(31), '{', ':', ',');
    fc.assert(
      fc.property(fc.array(fc.array(parts).map((text) => text.join(''))), (strings) => {
        const value = strings.map((text) => ({ [text]: text }));
        expect(parsed(JSON.stringify(value)).value).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['an empty text', ''],
    ['only spaces', ' \n'],
    ['trailing garbage', '{} x'],
    ['two documents', '{}{}'],
    ['a cut document', '{"a":"b'],
    ['a byte order mark', '\ufeff{}'],
    ['a comment', '{/*x*/}'],
    ['a trailing comma', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
    ['NaN', '{"a":NaN}'],
    ['a number out of range', '{"a":1e309}'],
    ['a raw control character', '{"a":"\n"}'],
  ])('parseStrictJson rejects %s', (_, text) => {
    expect(parse(text)).toMatchObject({ denied: true, code: 'invalid_request' });
  });

  it('parseStrictJson rejects invalid UTF-8, overlong forms and encoded surrogates', () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const text = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(isDenial(parseStrictJson(text))).toBe(true);
    }
  });

  it('parseStrictJson keeps an escaped lone surrogate, which is written again as valid UTF-8', () => {
    const text = JSON.stringify(parsed('{"a":"\\ud800"}').value);
    expect(text).toBe('{"a":"\\ud800"}');
    expect(isDenial(parse(text))).toBe(false);
  });
});

describe('checkParsedJson', () => {
  it('checkParsedJson returns the same value with its number of bytes', () => {
    const value = { a: ['é', 1, null, true] };
    expect(checkParsedJson(value)).toEqual({
      value,
      bytes: Buffer.byteLength('{"a":["é",1,null,true]}'),
    });
  });

  it('checkParsedJson rejects a value that is too deep or circular', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(isDenial(checkParsedJson(circle))).toBe(true);
    expect(isDenial(checkParsedJson(JSON.parse(nested(64))))).toBe(false);
    expect(isDenial(checkParsedJson(JSON.parse(nested(65))))).toBe(true);
  });

  it.each([
    ['a date', { a: new Date(0) }],
    ['a map', { a: new Map() }],
    ['a function', { toJSON: () => ({}) }],
    ['undefined', undefined],
    ['an undefined field', { a: undefined }],
    ['a big number', { a: 1n }],
    ['infinity', { a: Number.POSITIVE_INFINITY }],
    ['a prototype key', JSON.parse('{"__proto__":{}}')],
    ['bytes', Buffer.from('x')],
  ])('checkParsedJson rejects %s', (_, value) => {
    expect(checkParsedJson(value)).toMatchObject({ denied: true, code: 'invalid_request' });
  });

  it('checkParsedJson rejects too many keys or elements', () => {
    expect(isDenial(checkParsedJson(Array.from({ length: 100_001 }, () => 0)))).toBe(true);
  });
});
