import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { nodesOf, parse } from '../../bench/structure/source-files.ts';
import { ROOT } from './markdown.ts';

/** What stands for a value in a title: `%s` and `$name` of `it.each`, `${name}` of a template. */
const VALUES = /%[sdifjoO#]|\$\{[^}]*\}|\$[A-Za-z][\w.]*/g;

/** The titles of a file's tests, in the source's own words, with `…` for each value. */
export function titlesIn(path: string): ReadonlySet<string> {
  const titles = known.get(path) ?? titlesOf(readFileSync(ROOT + path, 'utf8'));
  known.set(path, titles);
  return titles;
}

const known = new Map<string, ReadonlySet<string>>();

/** Titles of `it` and `test`, and of the cases of the ledger conformance suite. */
export function titlesOf(text: string): ReadonlySet<string> {
  const { tree } = parse('a.test.ts', text);
  const titles = nodesOf(tree).map((node) => {
    if (ts.isCallExpression(node) && isTest(node.expression)) return node.arguments[0];
    const isTitle = ts.isPropertyAssignment(node) && node.name.getText() === 'title';
    return isTitle ? node.initializer : undefined;
  });
  return new Set(titles.filter((title) => title !== undefined).flatMap(wordsOf));
}

function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it' || callee.text === 'test';
  if (ts.isPropertyAccessExpression(callee)) return isTest(callee.expression);
  return ts.isCallExpression(callee) && isTest(callee.expression);
}

function wordsOf(title: ts.Expression): string[] {
  if (ts.isStringLiteralLike(title)) return [title.text.replace(VALUES, '…')];
  return ts.isTemplateExpression(title) ? [title.getText().slice(1, -1).replace(VALUES, '…')] : [];
}
