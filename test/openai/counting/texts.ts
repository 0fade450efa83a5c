/** Texts of the kinds that prompts are made of, and of the worst kinds, of a given length in UTF-8 bytes. */

const ENGLISH =
  'The committee reviewed the quarterly report and noticed that several regional offices had changed how they record travel expenses. Because nobody had announced this, the totals looked lower than in the year before, although people travelled more often. Please summarise what happened, who should correct it, and by when.';
const GERMAN =
  'Die Geschäftsführung hat den Quartalsbericht geprüft und festgestellt, dass mehrere Niederlassungen ihre Reisekosten anders erfassen als früher. Weil niemand darauf hingewiesen hatte, wirkten die Summen niedriger als im Vorjahr, obwohl häufiger gereist wurde. Bitte fasse zusammen, was geschehen ist und wer es berichtigen soll.';
const CHINESE =
  '委员会审阅了季度报告，发现几个地区办事处改变了记录差旅费用的方式。由于没有人事先通知，总额看起来比去年低，尽管大家出差更加频繁。请总结发生了什么事情，应该由谁来更正，以及最后期限是什么时候。';
const CODE =
  'export async function readAll(paths: string[]): Promise<Map<string, string>> {\n  const texts = new Map<string, string>();\n  for (const path of paths) {\n    if (!existsSync(path)) continue;\n    texts.set(path, await readFile(path, "utf8"));\n  }\n  return texts;\n}\n\n';
const EMOJI = ['😀', '🎉', '👩‍💻', '🚀', '🇩🇪', '❤️', '🤷🏽‍♂️', '🍕', '🧪', '🦊'];

/** A sequence that looks random, and is the same on every run. */
export function sequence(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Joins pieces until the text has this many bytes, at most one character less. */
function fill(bytes: number, next: (index: number) => string): string {
  let text = '';
  let length = 0;
  for (let index = 0; length < bytes; index += 1) {
    const piece = next(index);
    text += piece;
    length += Buffer.byteLength(piece);
  }
  return Buffer.from(text).subarray(0, bytes).toString().replace(/�+$/u, '');
}

/** The words of a text in a shuffled order, as no text repeats itself to the letter. */
function words(source: string, separator: string): (bytes: number) => string {
  const parts = source.split(separator);
  return (bytes) => {
    const pick = sequence(7);
    return fill(bytes, () => `${parts[pick(parts.length)]}${separator}`);
  };
}

const json = (bytes: number): string => {
  const pick = sequence(11);
  const names = ['id', 'name', 'amount', 'currency', 'createdAt', 'status', 'customer'];
  return fill(bytes, (index) =>
    index % 5 === 0
      ? `},{"${names[pick(7)]}":${pick(100_000)},`
      : `"${names[pick(7)]}":"${names[pick(7)]}-${pick(1_000)}",`,
  );
};

const repeated = (piece: string) => (bytes: number) => fill(bytes, () => piece);
const drawn = (characters: (pick: (below: number) => number) => string) => (bytes: number) => {
  const pick = sequence(13);
  return fill(bytes, () => characters(pick));
};

/** What people send. */
export const usualTexts: Readonly<Record<string, (bytes: number) => string>> = {
  English: words(ENGLISH, ' '),
  German: words(GERMAN, ' '),
  Chinese: words(CHINESE, '，'),
  JSON: json,
  code: words(CODE, '\n'),
  // A tokenizer takes seconds for a long run without a blank.
  emoji: drawn((pick) => `${EMOJI[pick(EMOJI.length)]}${pick(8) === 0 ? ' ' : ''}`),
};

/** What is hard for a tokenizer. */
export const hardTexts: Readonly<Record<string, (bytes: number) => string>> = {
  'one letter': repeated('a'),
  blanks: repeated(' '),
  'line ends': repeated('\n'),
  dashes: repeated('-'),
  digits: drawn((pick) => String(pick(10))),
  base64: drawn((pick) => Buffer.from([pick(256), pick(256), pick(256)]).toString('base64')),
  'random letters': drawn((pick) => String.fromCharCode(97 + pick(26))),
  'random capitals': drawn((pick) => String.fromCharCode((pick(2) ? 65 : 97) + pick(26))),
  'random Han': drawn((pick) => String.fromCharCode(0x4e00 + pick(20_000))),
  'random Hangul': drawn((pick) => String.fromCharCode(0xac00 + pick(11_000))),
  Arabic: drawn((pick) => String.fromCharCode(0x620 + pick(42))),
  'combining marks': drawn((pick) => String.fromCharCode(0x300 + pick(100))),
  'one emoji': repeated('🤷'),
  'rare planes': drawn((pick) => String.fromCodePoint(0x1_0000 + pick(0x4000))),
  quotes: repeated('"'),
  backslashes: repeated('\\'),
  'control characters': drawn((pick) => String.fromCharCode(1 + pick(31))),
};
