import { describe, expect, it } from 'vitest';
import { type Edge, edgesOf } from '../../bench/structure/imports.ts';
import { faultsOf, nameOf } from './import-rule.ts';
import { sourceFiles } from './source.ts';

const files = sourceFiles();
const edges = files.flatMap((file) => edgesOf(file));

describe('the import rule of src/README.md', () => {
  it('reads the imports of every file', () => {
    const values = edges.filter(({ typeOnly }) => !typeOnly);
    expect(values.map(nameOf)).toContain('pipeline/admit.ts → core/denial.ts');
    const types = edges.filter(({ typeOnly }) => typeOnly);
    expect(types.map(nameOf)).toContain('pipeline/states.ts → core/denial.ts');
    const known = new Set(files.map(({ path }) => path));
    const unknown = edges.filter(({ to }) => !known.has(to) && !to.endsWith('.json'));
    expect(unknown.map(nameOf)).toEqual([]);
  });

  it('holds, imports of types included', () => expect(faultsOf(edges)).toEqual([]));
});

describe('the checker of the import rule', () => {
  const edge = (from: string, to: string): Edge => ({ from, to, typeOnly: false });

  it.each([
    ['plans/plan.ts', 'index.ts', 'imports an index'],
    ['http/node.ts', 'auth/index.ts', 'imports an index'],
    ['auth/any-of.ts', 'auth/index.ts', 'imports an index'],
    ['testing/fake-openai/chat.ts', 'openai/usage.ts', 'testing imports what it judges'],
    ['testing/fault-proxy.ts', 'upstream/transport.ts', 'testing imports what it judges'],
    ['ledger/counting/part.ts', 'plans/limit.ts', 'imports from a layer above'],
    ['ledger/ledger.ts', 'openai/answer/usage.ts', 'imports from a layer above'],
    ['core/denial.ts', 'ledger/ledger.ts', 'imports from a layer above'],
    ['base/clock.ts', 'core/user.ts', 'imports from a layer above'],
    ['users/users.ts', 'pipeline/tag.ts', 'imports from a layer above'],
    ['pipeline/admit.ts', 'http/web.ts', 'imports from a layer above'],
    ['pipeline/admit.ts', 'options/timeouts.ts', 'imports from a layer above'],
    ['options/guard-options.ts', 'guard/guarded-store.ts', 'imports from a layer above'],
    ['guard/start-warnings.ts', 'billing/stripe-meter.ts', 'imports from a layer above'],
    ['plans/plan.ts', 'testing/fault-proxy.ts', 'has no layer'],
    ['plans/plan.ts', 'somewhere-new.ts', 'has no layer'],
    ['somewhere/new.ts', 'base/clock.ts', 'has no layer'],
  ])('rejects an import of %s from %s: %s', (from, to, fault) => {
    expect(faultsOf([edge(from, to)])).toEqual([`${from} → ${to}: ${fault}`]);
  });

  it('accepts imports from the same layer and from layers below', () => {
    const good = [
      edge('index.ts', 'guard/create-guarded-completion.ts'),
      edge('safety/safety-webhooks.ts', 'guard/create-guarded-completion.ts'),
      edge('guard/create-guarded-completion.ts', 'http/handle.ts'),
      edge('guard/create-pipeline.ts', 'options/guard-options.ts'),
      edge('options/guard-options.ts', 'pipeline/tag.ts'),
      edge('pipeline/pipeline.ts', 'pipeline/admit.ts'),
      edge('tokens/tokens.ts', 'users/users.ts'),
      edge('plans/plan.ts', 'ledger/ledger.ts'),
      edge('ledger/memory/memory-ledger.ts', 'base/clock.ts'),
      edge('testing/ledger-conformance/case.ts', 'ledger/ledger.ts'),
    ];
    expect(faultsOf(good)).toEqual([]);
  });
});
