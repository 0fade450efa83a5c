import { describe, expect, it } from 'vitest';
import { quickTests, starterOf } from '../quick-tests.ts';

describe('npm run test:quick', () => {
  const quick = quickTests();

  it('runs the files that start nothing, this one among them', () => {
    expect(quick.length).toBeGreaterThan(30);
    expect(quick).toContain('test/package/quick-tests.test.ts');
    expect(quick).toContain('test/openai/usage.test.ts');
  });

  it.each([
    ['test/faults/shutdown.test.ts', 'a process', /: node:child_process$/],
    ['test/ledger/redis-store.test.ts', 'a store', /: (?:ioredis|node:child_process)$/],
    ['test/ledger/model.test.ts', 'a store in a file', /: src\/ledger\/sqlite\/sqlite-ledger\.ts$/],
    ['test/auth/key-set.slow.test.ts', 'a server', /: node:http$/],
    ['test/http/adapters.test.ts', 'a server through an import', /: /],
    ['test/docs/types.slow.test.ts', 'a compiler', /: compiles$/],
  ])('leaves out %s, which starts %s', (file, _, starter) => {
    expect(starterOf(file)).toMatch(starter);
    expect(quick).not.toContain(file);
  });
});
