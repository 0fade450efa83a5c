import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { entries, entryFile } from './.ci/entries.ts';
import { quickTests } from './test/quick-tests.ts';

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Suites that take longest, because they start many processes, wait or try very much. */
const SLOW = 'test/**/*.slow.test.ts';

const quick = quickTests();

/** Tests that start nothing share modules, which saves a third of their time. */
const sharing = { name: 'quick', include: quick, isolate: false };
const apart = { name: 'apart', include: ['test/**/*.test.ts'], exclude: [SLOW, ...quick] };
const slow = { name: 'slow', include: [SLOW] };

/** `npm test` runs all but the slow suites, `npm run test:quick` what starts nothing. */
function suitesOf(mode: string) {
  if (mode === 'slow') return [slow];
  return mode === 'quick' ? [sharing] : [sharing, apart];
}

export default defineConfig(({ mode }) => ({
  resolve: {
    // Examples and README blocks import the package by its name; tests run them on the source.
    alias: entries.map((entry) => ({
      find: new RegExp(`^${entry.specifier}$`),
      replacement: entryFile(entry),
    })),
  },
  test: {
    projects: suitesOf(mode).map((suite) => ({ extends: true, test: suite })),
    setupFiles: ['./test/canary.ts'],
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A state that is polled for may take its time on a busy machine; the default is one second.
    expect: { poll: { timeout: 15_000 } },
    pool: 'forks',
    // Many tests start processes of their own; each compiles the source but once.
    env: { NODE_COMPILE_CACHE: path('./node_modules/.cache/node-compile') },
    execArgv: ['--expose-gc', '--unhandled-rejections=strict'],
  },
}));
