/** JSON values of up to 4 MiB that are hard on a parser or on checks, by name. */
const BYTES = 4 * 1024 * 1024 - 256;
const MEMBERS = 99_000;

const fill = (unit: string) => unit.repeat(Math.floor(BYTES / Buffer.byteLength(unit)));
const text = (unit: string) => `"${fill(unit)}"`;
const list = (count: number, item: (index: number) => string) =>
  `[${Array.from({ length: count }, (_, index) => item(index)).join(',')}]`;
const object = (count: number, member: (index: number) => string) =>
  `{${Array.from({ length: count }, (_, index) => member(index)).join(',')}}`;

export const hardValues: Readonly<Record<string, string>> = {
  'plain text': text('x'),
  'text of two bytes a character': text('é'),
  'text of four bytes a character': text('🙂'),
  'escaped backslashes': text('\\\\'),
  'escaped quotes': text('\\"'),
  'escaped characters': text('\\u8a9e'),
  'numbers, then a string': `${list(MEMBERS, () => '7').slice(0, -1)},"x"]`,
  'token ids': list(MEMBERS, (index) => `${index}`),
  'long fractions': list(MEMBERS, (index) => `0.${String(index).padStart(38, '1')}`),
  'strings and numbers': list(MEMBERS, (index) => (index % 2 === 0 ? '"a"' : '1')),
  'different strings': list(MEMBERS, (index) => `"k${index}"`),
  'strings with escapes': list(MEMBERS, () => `"${'\\n'.repeat(18)}"`),
  'empty lists': list(MEMBERS, () => '[]'),
  'lists of one token': list(MEMBERS / 2, () => '[1]'),
  'empty objects': list(MEMBERS, () => '{}'),
  'objects of one key': list(MEMBERS / 2, () => '{"a":1}'),
  'objects of different keys': list(MEMBERS / 2, (index) => `{"a${index}":1}`),
  'allowed different keys': object(10_000, (index) => `"a${index}":"x"`),
  'different keys': object(MEMBERS, (index) => `"a${index}":"x"`),
  'long keys': object(MEMBERS / 3, (index) => `"${'a'.repeat(60)}${index}":"x"`),
  'one long key': `{"${fill('k')}":1}`,
  'messages, the last one wrong': `${list(MEMBERS / 3 - 1, () => '{"role":"user","content":"x"}').slice(0, -1)},{"x":1}]`,
  'parts, the last one wrong': `[{"role":"user","content":${list(MEMBERS / 3 - 9, () => '{"type":"text","text":"x"}').slice(0, -1)},{"x":1}]}]`,
  'white space': `[${fill(' ')}]`,
  'one long number': `[${fill('1')}]`,
  colons: `[${fill(':')}]`,
  commas: `[${fill(',')}]`,
  'open lists': fill('['),
  'pairs of brackets': `[${fill('[]')}]`,
  'pairs of quotes': `[${fill('""')}]`,
  'metadata, the last one wrong': object(9_000, (index) =>
    index === 8_999 ? '"x":1' : `"m${index}":"x"`,
  ),
  'an image': `"data:image/png;base64,${fill('A')}!"`,
};
