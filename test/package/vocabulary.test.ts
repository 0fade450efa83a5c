import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { filesBelow } from '../../bench/structure/files-below.ts';
import {
  lineOf,
  nodesOf,
  parse,
  readTree,
  type SourceFile,
} from '../../bench/structure/source-files.ts';
import { ROOT } from './source.ts';
import { ALLOWED, codesIn, OLD_WORDS, oldWordsIn, type Prose } from './vocabulary.ts';

const THIS = /^test\/package\/vocabulary/;

const linesOf = (path: string, text: string): Prose[] =>
  text.split('\n').map((line, at) => ({ path, line: at + 1, text: line }));

/** All lines of a folder's files, and their paths, which hold words too. */
const treeLines = (folder: string): Prose[] =>
  readTree(`${ROOT}${folder}`).flatMap(({ path, text }) => {
    const whole = `${folder}/${path}`;
    return [{ path: whole, line: 0, text: whole }, ...linesOf(whole, text)];
  });

const pages = ['docs', 'src', 'bench', 'examples'].flatMap((folder) =>
  filesBelow(`${ROOT}${folder}`)
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path}`),
);
const prose = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...pages].flatMap(
  (path) => linesOf(path, readFileSync(`${ROOT}${path}`, 'utf8')),
);
const source = treeLines('src');
const tests = readTree(`${ROOT}test`).map(({ path, text }) => parse(`test/${path}`, text));

/** What `describe`, `it` and `test` are called with first, `.each(…)` and the like included. */
function titlesOf(file: SourceFile): Prose[] {
  return nodesOf(file.tree).flatMap((node) => {
    if (!ts.isCallExpression(node) || !isSuite(node.expression)) return [];
    const [title] = node.arguments;
    const isText = title && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title));
    return isText ? [{ path: file.path, line: lineOf(file, title), text: title.getText() }] : [];
  });
}

function isSuite(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['describe', 'it', 'test'].includes(callee.text);
  if (ts.isPropertyAccessExpression(callee)) return isSuite(callee.expression);
  return ts.isCallExpression(callee) && isSuite(callee.expression);
}

describe('old words are gone', () => {
  it('from src', () => expect(source.flatMap(oldWordsIn)).toEqual([]));
  it('from the titles of tests', () => {
    expect(tests.flatMap(titlesOf).flatMap(oldWordsIn)).toEqual([]);
  });
  it('from README and docs', () => expect(prose.flatMap(oldWordsIn)).toEqual([]));
});

describe('codes of a catalogue that a reader does not have are gone', () => {
  it('from src', () => expect(source.flatMap(codesIn)).toEqual([]));
  it('from tests', () => {
    const lines = tests.filter(({ path }) => !THIS.test(path));
    expect(lines.flatMap(({ path, text }) => linesOf(path, text)).flatMap(codesIn)).toEqual([]);
  });
  it('from README and docs', () => expect(prose.flatMap(codesIn)).toEqual([]));
});

describe('the checker of words', () => {
  const line = (text: string, path = 'src/a.ts'): Prose => ({ path, line: 7, text });

  it.each([
    ['Whoever pays', '"Whoever", instead: a user who'],
    ["const subject = 'everybody';", '"everybody", instead: global, all users'],
    ['/** Answers a plan. */', '"/** Answers", instead: Returns'],
    ['import { createPlanBook } from', '"PlanBook", instead: users, plan resolver, price list'],
    ["from './plan-book.ts'", '"plan-book", instead: users, plan resolver, price list'],
    ['userTagger(secret)', '"Tagger", instead: endUserId'],
  ])('finds an old word in %j', (text, fault) => {
    expect(oldWordsIn(line(text))).toEqual([`src/a.ts:7: ${fault}`]);
  });

  it('accepts words that only look like old ones', () => {
    const fine = ['the shelter', 'a long-outstanding call', 'It answers 429.', 'App Attest'];
    expect(fine.flatMap((text) => oldWordsIn(line(text)))).toEqual([]);
  });

  it('accepts an old word where it has a reason', () => {
    expect(oldWordsIn(line('an access token', 'src/auth/jwt/jwt.ts'))).toEqual([]);
    expect(oldWordsIn(line('an access token', 'src/tokens/tokens.ts'))).toHaveLength(1);
  });

  it('finds codes, not numbers or hashes', () => {
    const lines = ['(A27)', "'F44 a settle'", '55P03', '0xA27', 'HTTP 404', 'sha B2840'];
    expect(lines.flatMap((text) => codesIn(line(text)))).toEqual([
      'src/a.ts:7: A27',
      'src/a.ts:7: F44',
    ]);
  });

  it('has a reason for each exception, and each exception is needed', () => {
    const all = [...source, ...prose, ...tests.flatMap(titlesOf)];
    const needless = ALLOWED.filter(
      ({ word, where }) => !all.some(({ path, text }) => where.test(path) && word.test(text)),
    );
    expect(needless).toEqual([]);
    expect(ALLOWED.filter(({ why }) => why.length < 20)).toEqual([]);
    expect(OLD_WORDS.filter(({ instead }) => instead === '')).toEqual([]);
  });
});
