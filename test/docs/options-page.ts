import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { nodesOf, parse } from '../../bench/structure/source-files.ts';
import { endpointNames } from '../../src/openai/endpoints/descriptors.ts';
import { ROOT } from './markdown.ts';

export const OPTIONS_PAGE = 'docs/options.md';
export const REWRITE = 'The options have changed. Run: node test/docs/write-options.ts';

/** The tables of the page, and the shapes whose fields they have. */
export const optionTables: Readonly<
  Record<string, readonly (readonly [file: string, shape: string])[]>
> = {
  createGuardedCompletion: [
    ['src/options/guard-options.ts', 'namingShape'],
    ['src/options/group-options.ts', 'groupsShape'],
    ['src/options/guard-options.ts', 'optionsShape'],
  ],
  groups: [
    ['src/options/group-options.ts', 'limitsShape'],
    ['src/options/group-options.ts', 'groupKindShape'],
  ],
  plans: [
    ['src/options/plan-options.ts', 'planShape'],
    ['src/options/plan-options.ts', 'limitsShape'],
  ],
  limits: [
    ['src/plans/limit-spec.ts', 'amountShape'],
    ['src/plans/limit-spec.ts', 'perShape'],
    ['src/plans/limit-spec.ts', 'spanShape'],
  ],
  allow: [['src/openai/request/allowances.ts', 'allowancesShape']],
  'allow.images': [['src/openai/request/allowances.ts', 'imageShape']],
  'allow.files': [['src/openai/request/allowances.ts', 'fileShape']],
  'allow.audio': [['src/openai/request/allowances.ts', 'audioShape']],
  'allow.realtime': [['src/openai/request/realtime-allowance.ts', 'realtimeShape']],
  hooks: [
    ['src/options/hook-options.ts', 'beforeShape'],
    ['src/options/hook-options.ts', 'limiterShape'],
    ['src/options/hook-options.ts', 'everyHookShape'],
  ],
  moderate: [['src/safety/moderate.ts', 'moderateShape']],
  bounds: [['src/options/bounds.ts', 'boundsShape']],
  timeouts: [['src/options/timeouts.ts', 'timeoutsShape']],
  ledgerFailure: [['src/options/timeouts.ts', 'ledgerFailureShape']],
  tokens: [['src/options/timeouts.ts', 'tokensShape']],
  'tokens.issue': [
    ['src/tokens/tokens.ts', 'namingShape'],
    ['src/tokens/tokens.ts', 'tokenShape'],
  ],
  exchange: [
    ['src/options/exchange-options.ts', 'exchangeShape'],
    ['src/options/exchange-options.ts', 'limitsShape'],
  ],
  cors: [['src/options/cors-options.ts', 'corsShape']],
  retries: [['src/options/upstream-options.ts', 'retriesShape']],
};

interface OptionRow {
  readonly name: string;
  readonly default: string;
  readonly text: string;
}

/** The page with its tables as the docstrings of the shapes have them, and the names of endpoints. */
export function withOptionTables(page: string): string {
  const [tables = ''] = page.split(ENDPOINTS);
  const names = endpointNames.map((name) => `- \`${name}\`\n`);
  return withTables(tables) + ENDPOINTS + names.join('');
}

const ENDPOINTS = '<!-- endpoints -->\n';

function withTables(page: string): string {
  return page.replace(
    /<!-- options: (\S+) -->\n[\s\S]*?<!-- end -->/g,
    (_, name: string) => `<!-- options: ${name} -->\n${tableOf(name)}<!-- end -->`,
  );
}

function tableOf(name: string): string {
  const rows = (optionTables[name] ?? []).flatMap(([file, shape]) => rowsOfShape(file, shape));
  const lines = rows.map((row) => `| \`${row.name}\` | ${row.default} | ${row.text} |`);
  // Shapes that share fields have them in one row.
  const table = new Set(['| option | default | what it does |', '| --- | --- | --- |', ...lines]);
  return [...table, ''].join('\n');
}

/** The fields of a shape with their docstrings. */
export function rowsOfShape(file: string, name: string): OptionRow[] {
  const literal = shapesIn(file).get(name);
  if (literal === undefined) throw new Error(`${file} has no shape "${name}"`);
  return literal.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) return rowsOfShape(file, property.expression.getText());
    const [doc] = ts.getJSDocCommentsAndTags(property).filter(ts.isJSDoc);
    const [tag] = ts.getJSDocTags(property).filter(({ tagName }) => tagName.text === 'default');
    const preset = flat(ts.getTextOfJSDocComment(tag?.comment));
    return {
      name: property.name?.getText() ?? '',
      default: preset === '' ? '' : `\`${preset}\``,
      text: flat(ts.getTextOfJSDocComment(doc?.comment)),
    };
  });
}

/** Every `const …Shape = { … }` of a file. */
export function shapesIn(file: string): ReadonlyMap<string, ts.ObjectLiteralExpression> {
  const { tree } = parse(file, readFileSync(ROOT + file, 'utf8'));
  const declared = nodesOf(tree).filter(ts.isVariableDeclaration);
  return new Map(
    declared.flatMap(({ name, initializer }) => {
      const value =
        initializer && ts.isSatisfiesExpression(initializer) ? initializer.expression : initializer;
      const isShape = /Shape$/.test(name.getText()) && value && ts.isObjectLiteralExpression(value);
      return isShape ? [[name.getText(), value] as const] : [];
    }),
  );
}

const flat = (text = ''): string => text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
