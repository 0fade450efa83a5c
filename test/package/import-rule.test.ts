import { describe, expect, it } from 'vitest';
import { circlesOf, faultsOf, nameOf } from './import-rule.ts';
import { type Edge, edgesOf, sourceFiles } from './source.ts';

const edges = sourceFiles().flatMap(edgesOf);
const values = edges.filter(({ typeOnly }) => !typeOnly);

/**
 * Imports that break the rule, each with its reason. Remove an entry here when its import is gone.
 */
const DEPARTURES: Readonly<Record<string, string>> = {
  'errors.ts → plans/accounts.ts: imports from the left':
    'a type: where the caller stands, which a denial carries unread',
};

/** Files whose types import each other. Nothing of such a circle is left at run time. */
const TYPE_CIRCLES = [
  ['auth/authenticator.ts', 'errors.ts', 'plans/accounts.ts', 'plans/limit.ts', 'plans/plan.ts'],
  ['http/node-request.ts', 'http/node.ts'],
];

describe('The import rule of src/README.md', () => {
  it('The checker reads the imports of every file', () => {
    expect(values.map(nameOf)).toContain('pipeline.ts → errors.ts');
    expect(edges.filter(({ typeOnly }) => typeOnly).map(nameOf)).toContain(
      'pipeline.ts → stages/admit.ts',
    );
    const files = new Set(sourceFiles().map(({ path }) => path));
    expect(edges.filter(({ to }) => !files.has(to))).toEqual([]);
  });

  it('Imports follow the rule, except for the departures listed here', () => {
    expect(new Set(faultsOf(edges))).toEqual(new Set(Object.keys(DEPARTURES)));
  });

  it('No import circle is left when the types are stripped', () => {
    expect(circlesOf(values)).toEqual([]);
  });

  it('Types import each other in a circle only where it is listed here', () => {
    const sorted = circlesOf(edges).sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
    expect(sorted).toEqual(TYPE_CIRCLES);
  });
});

describe('The checker of the import rule', () => {
  const edge = (from: string, to: string): Edge => ({ from, to, typeOnly: false });
  it.each([
    ['plans/plan.ts', 'index.ts', 'imports an index'],
    ['http/node.ts', 'auth/index.ts', 'imports an index'],
    ['auth/any-of.ts', 'auth/index.ts', 'imports an index'],
    ['ledger/other-ledger.ts', 'plans/limit.ts', 'a ledger knows the guard'],
    ['ledger/counting/part.ts', 'exchange.ts', 'a ledger knows the guard'],
    ['testing/fake-openai/chat.ts', 'openai/usage.ts', 'testing imports what it judges'],
    ['testing/fault-proxy.ts', 'errors.ts', 'testing imports what it judges'],
    ['stages/admit.ts', 'http/web.ts', 'imports from the left'],
    ['stages/admit.ts', 'create-guarded-completion.ts', 'imports from the left'],
    ['users/users.ts', 'stages/tag.ts', 'imports from the left'],
    ['ledger/ledger.ts', 'plans/limit.ts', 'imports from the left'],
    ['clock.ts', 'ledger/ledger.ts', 'imports from the left'],
    ['pipeline.ts', 'ledger/memory-ledger.ts', 'has no place in the line'],
    ['plans/plan.ts', 'testing/fault-proxy.ts', 'has no place in the line'],
    ['plans/plan.ts', 'somewhere-new.ts', 'has no place in the line'],
  ])('The import %s → %s breaks the rule', (from, to, fault) => {
    expect(faultsOf([edge(from, to)])).toEqual([`${from} → ${to}: ${fault}`]);
  });

  it('Imports that follow the rule are accepted', () => {
    const good = [
      edge('http/node.ts', 'create-guarded-completion.ts'),
      edge('pipeline.ts', 'stages/admit.ts'),
      edge('stages/admit.ts', 'ledger/ledger.ts'),
      edge('ledger/memory-ledger.ts', 'clock.ts'),
      edge('testing/ledger-conformance/case.ts', 'ledger/ledger.ts'),
    ];
    expect(faultsOf(good)).toEqual([]);
  });

  it('A circle of two files and a longer circle behind an entry are found', () => {
    const circle = [edge('c', 'a'), edge('way-in', 'a'), edge('a', 'b'), edge('b', 'c')];
    expect(circlesOf([...circle, edge('x', 'y'), edge('y', 'x'), edge('c', 'x')])).toEqual([
      ['x', 'y'],
      ['a', 'b', 'c'],
    ]);
    expect(circlesOf([edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')])).toEqual([]);
  });
});
