import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import { parseStrictJson } from '../../src/core/json.ts';
import { writeJson } from '../../src/openai/request/write-json.ts';

/** JSON values without the keys that are rejected. */
const fieldValue = fc
  .jsonValue({ maxDepth: 2 })
  .filter((value) => !/"(__proto__|constructor|prototype)":/.test(JSON.stringify(value)));
const object = fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fieldValue, {
  maxKeys: 6,
});
const spaces = fc.constantFrom('', ' ', '\n\t ');

/**
 * Some of the client's fields unchanged, some replaced, some left out, and some of the guard's own.
 */
const cases = fc.record({
  value: object,
  kept: fc.func(fc.constantFrom('keep', 'keep', 'keep', 'drop', 'replace')),
  added: object,
  before: spaces,
  after: spaces,
});

describe('The JSON that is sent', () => {
  it('The JSON has exactly the decided fields, whatever the client sent and in whatever style', () => {
    fc.assert(
      fc.property(cases, ({ value, kept, added, before, after }) => {
        const text = `${before}${JSON.stringify(value, null, before)}${after}`;
        const parsed = parseStrictJson(Buffer.from(text));
        if (isDenial(parsed)) throw new Error('The text is no JSON.');
        const original = { text, value: parsed.value as Record<string, unknown> };
        const sent: Record<string, unknown> = { ...added };
        for (const [name, field] of Object.entries(original.value)) {
          const choice = kept(name);
          if (choice === 'keep') sent[name] = field;
          if (choice === 'replace') sent[name] = 'ours';
        }
        expect(JSON.parse(writeJson(sent, original))).toEqual(JSON.parse(JSON.stringify(sent)));
      }),
      { numRuns: 1_000 },
    );
  });

  const text = '{ "model": "m",\n"messages": [{"content": "\\u00e9 }"}] }  ';
  const value = JSON.parse(text) as Record<string, unknown>;

  it('The JSON keeps the client’s own text when fields are only added', () => {
    const sent = { ...value, user: 'u"1', store: false };
    expect(writeJson(sent, { text, value })).toBe(
      '{ "model": "m",\n"messages": [{"content": "\\u00e9 }"}] ,"user":"u\\"1","store":false}',
    );
  });

  it.each([
    ['replaced', { ...value, model: 'other' }],
    ['left out', { messages: value['messages'] }],
  ])('The JSON is written from scratch when a field is %s', (_, sent) => {
    expect(writeJson(sent, { text, value })).toBe(JSON.stringify(sent));
  });

  it('The JSON is written from scratch when the client’s text is empty or unknown', () => {
    const sent = { model: 'm' };
    expect(writeJson(sent, { text: '{}', value: {} })).toBe('{"model":"m"}');
    expect(writeJson(sent, undefined)).toBe('{"model":"m"}');
  });
});
