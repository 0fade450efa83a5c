/** `node .ci/served-page.ts`: writes docs/served.md from the table of endpoints and the options of plans. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Descriptor } from '../src/openai/endpoints/descriptor.ts';
import { descriptors } from '../src/openai/endpoints/descriptors.ts';
import { notServed } from '../src/openai/endpoints/not-served.ts';
import { dialectNames, dialects } from '../src/upstream/dialects/dialects.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = `${ROOT}docs/served.md`;
const ALLOWANCES = `${ROOT}src/openai/request/allowances.ts`;

/** The text of docs/served.md. */
export function servedPage(): string {
  return `# What is served

The guard serves these endpoints of OpenAI's API, each with and without \`/v1\` before its path. Their names are those of
\`endpoints\` in a plan and in a user token. A plan without \`endpoints\` allows all of them.

${table(['name', 'request', 'counts in limits of', 'streams', 'the plan must allow', 'hosts'], descriptors.map(rowOf))}

Each call also counts in limits of \`concurrent\`, apart from those that the guard answers itself. Hosts are the dialects
of [other hosts](hosts.md). A host that does not serve an endpoint gets no call of it.

## The list of models

\`GET /models\` lists what the user may call: the models that the plan names, aliases of the option \`models\`, and what the
plan's patterns mean, narrowed by the user token. At OpenAI itself a pattern means the models of the
[price list](prices.md). Other hosts are asked for their own list, at most once in five minutes. While a host does not
answer, a pattern means only the models that \`prices\` names. The same holds for Azure: it lists no deployments. Fine-tuned
models are listed only if the plan or \`prices\` names them. A model that is not listed may still be called if a pattern
allows it.

## What a plan must allow

A request may hold text and the user's own functions. The rest is off until the plan's \`allow\` has these fields.
[Hosted tools](hosted-tools.md) has their costs, and [media](media.md) those of images, audio and files.

${table(['field of `allow`', 'allows'], allowRows())}

## Paths that are not served

Any other path is answered with 404 \`unknown_endpoint\`, and OpenAI is not called. The message names the path, and says
whether OpenAI has an endpoint there. Your backend can call these with its own key, for users that it knows.

${table(['path, and all below it', 'why'], notServed.map(refusedRow))}

- WebSockets are not served, on any path. A call streams as server-sent events.
- A served path with another method is answered with 405, such as \`DELETE /models/{model}\`.
- Query parameters are refused by name, because none of them changes an answer here. Those that the official SDK sends
  are accepted and ignored: \`beta\` of \`client.beta.responses\`, and \`limit\`, \`after\` and \`order\` of lists.
- Fields that a plan cannot allow are refused by name, with the reason.
`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;

function rowOf(endpoint: Descriptor): string[] {
  const { name, method, path } = endpoint;
  const request = `${method} ${path}`;
  if (endpoint.answer !== undefined) {
    return [code(name), code(request), 'nothing: the guard answers it', 'no', '', 'all'];
  }
  return [
    code(name),
    code(request),
    unitsOf(endpoint),
    endpoint.stream === undefined ? 'no' : 'yes',
    endpoint.fixedBy === undefined ? '' : code('realtime'),
    hostsOf(name),
  ];
}

function unitsOf({ bound, fixedBy, outputCap }: Exclude<Descriptor, { answer: object }>): string {
  if (fixedBy !== undefined) return '`requests`; what the plan reserves in the others';
  if (bound === undefined) return '`requests`; it is free';
  const output = outputCap === undefined ? '' : '`outputTokens`, ';
  return `\`requests\`, \`tokens\`, \`inputTokens\`, ${output}\`usd\``;
}

/** The dialects that send it somewhere. */
function hostsOf(name: string): string {
  const all = dialectNames.filter((dialect) => dialects[dialect].endpoints.has(name));
  return all.map(code).join(', ');
}

const servedPaths = new Set(descriptors.map(({ path }) => path));

const refusedRow = ({ paths, why }: (typeof notServed)[number]) => [
  paths.map((path) => code(servedPaths.has(path) ? `${path}/…` : path)).join(', '),
  why,
];

/** Each field of `allow` with its docstring, as an editor shows it. */
function allowRows(): string[][] {
  const source = ts.createSourceFile(
    ALLOWANCES,
    readFileSync(ALLOWANCES, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  return fieldsOf(source, 'allowancesShape').map((field) => [
    code(field.name.getText()),
    docstringOf(field),
  ]);
}

function fieldsOf(source: ts.SourceFile, shape: string): ts.PropertyAssignment[] {
  const declared = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .find(({ name }) => name.getText() === shape)?.initializer;
  if (declared === undefined || !ts.isObjectLiteralExpression(declared)) {
    throw new Error(`${ALLOWANCES} has no ${shape}`);
  }
  return declared.properties.filter(ts.isPropertyAssignment);
}

/** On one line, without its tags. */
function docstringOf(field: ts.PropertyAssignment): string {
  const docs = ts.getJSDocCommentsAndTags(field).filter(ts.isJSDoc);
  const text = docs.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join(' ');
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, servedPage());
