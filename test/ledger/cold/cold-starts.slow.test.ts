import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { canaries } from '../../canary.ts';
import { freshSchema } from '../servers/postgres-ledgers.ts';
import { startPostgres } from '../servers/postgres-server.ts';

const server = await startPostgres();
afterAll(() => server?.close());

const CHILD = fileURLToPath(new URL('./cold-process.ts', import.meta.url));
/** Two processes start at a time, so this is 20 starts. */
const PAIRS = 10;
const run = promisify(execFile);

describe.skipIf(server === undefined)('A cold start on a busy machine', () => {
  /** Both processors of a small machine are busy with something else. */
  let busy: readonly ChildProcess[] = [];
  beforeAll(() => {
    busy = Array.from({ length: 2 }, () => spawn(process.execPath, ['-e', 'for (;;);']));
  });
  afterAll(() => {
    for (const child of busy) child.kill('SIGKILL');
  });

  it.each(['pg', 'postgres'])(
    'Each of 20 processes, two of which start at a time, serves its first 12 calls, with %s',
    async (library) => {
      await using fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
      const starts: unknown[] = [];
      for (let start = 0; start < PAIRS; start += 1) {
        const { apiKey, secret } = canaries;
        const schema = freshSchema();
        const values = [CHILD, library, server?.url ?? '', schema, fake.baseURL, apiKey, secret];
        const both = await Promise.all([1, 2].map(() => run(process.execPath, values)));
        const statuses = both.flatMap(
          ({ stdout }) => (JSON.parse(stdout) as { statuses: number[] }).statuses,
        );
        starts.push(countsOf(statuses));
        if (statuses.includes(503)) console.warn(...both.map(({ stdout }) => stdout));
      }
      expect(starts).toEqual(Array(PAIRS).fill({ 200: 15, 429: 9 }));
    },
    300_000,
  );
});

function countsOf(statuses: readonly number[]): Record<string, number> {
  const groups = Map.groupBy(statuses, String);
  return Object.fromEntries([...groups].map(([status, all]) => [status, all.length]));
}
