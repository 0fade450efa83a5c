import ts from 'typescript';
import { expect, it } from 'vitest';
import { nodesOf } from '../../bench/structure/source-files.ts';
import { sourceFiles } from '../package/source.ts';

interface Field {
  readonly name: string;
  readonly documentation: string;
  /** As the docstring says. */
  readonly documented: string | undefined;
  /** As the schema has it. */
  readonly actual: string | undefined;
}

/** What every constant is, by its name. */
const constants = new Map(
  sourceFiles().flatMap(({ tree }) =>
    nodesOf(tree)
      .filter(ts.isVariableDeclaration)
      .filter(({ name }) => /^[A-Z_]+$/.test(name.getText()))
      .map(({ name, initializer }) => [name.getText(), initializer?.getText()]),
  ),
);

/** Every field of every object that becomes a schema of options. */
const fields: readonly Field[] = sourceFiles().flatMap(({ path, tree }) => {
  const nodes = nodesOf(tree);
  const shapes = new Set(nodes.flatMap(shapeName));
  return nodes
    .filter(ts.isVariableDeclaration)
    .filter((node) => shapes.has(node.name.getText()))
    .flatMap(({ name, initializer }) => fieldsOf(`${path} ${name.getText()}`, initializer));
});

/** The name in `RequiredOptions<typeof name>`. */
function shapeName(node: ts.Node): string[] {
  if (!ts.isExpressionWithTypeArguments(node)) return [];
  if (!/^(?:Required|Optional)Options$/.test(node.expression.getText())) return [];
  return (node.typeArguments ?? []).flatMap((type) =>
    ts.isTypeQueryNode(type) ? [type.exprName.getText()] : [],
  );
}

function fieldsOf(where: string, initializer: ts.Expression | undefined): Field[] {
  const shape =
    initializer && ts.isSatisfiesExpression(initializer) ? initializer.expression : initializer;
  if (shape === undefined || !ts.isObjectLiteralExpression(shape)) return [];
  return shape.properties
    .filter((property) => !ts.isSpreadAssignment(property))
    .map((property) => ({
      name: `${where}.${property.name?.getText()}`,
      documentation: ts
        .getJSDocCommentsAndTags(property)
        .map((node) => node.getText())
        .join(''),
      documented: documentedDefault(property),
      actual: ts.isPropertyAssignment(property) ? defaultOf(property.initializer) : undefined,
    }));
}

/** The tag `@default`, without what explains it in parentheses. */
function documentedDefault(property: ts.Node): string | undefined {
  const tag = ts.getJSDocTags(property).find(({ tagName }) => tagName.text === 'default');
  return tag && ts.getTextOfJSDocComment(tag.comment)?.replace(/ \([^()]*\)$/, '');
}

/** The argument of `.default(…)` or `.prefault(…)`; of a function what it returns. */
function defaultOf(schema: ts.Expression): string | undefined {
  if (!ts.isCallExpression(schema) || !ts.isPropertyAccessExpression(schema.expression))
    return undefined;
  const { name, expression } = schema.expression;
  const [value] = schema.arguments;
  if (!/^(?:pre|de)fault$/.test(name.text) || value === undefined) return defaultOf(expression);
  // Every field of such an object has a default of its own.
  if (name.text === 'prefault' && value.getText() === '{}') return undefined;
  const text = ts.isArrowFunction(value) ? value.body.getText() : value.getText();
  return constants.get(text) ?? text;
}

it('Every option has a docstring', () => {
  expect(fields.length).toBeGreaterThan(100);
  expect(fields.filter(({ documentation }) => documentation === '')).toEqual([]);
});

it('Every docstring names the default of its schema, and no other', () => {
  const defaults = fields.filter(({ documented, actual }) => documented ?? actual);
  expect(defaults.length).toBeGreaterThan(40);
  expect(defaults.filter(({ documented, actual }) => documented !== actual)).toEqual([]);
});
