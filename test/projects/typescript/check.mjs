import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { pass } from './calls.mjs';

const run = promisify(execFile);
const STRICT = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
const OTHERS = ['--noEmit', '--target', 'es2022', '--types', 'node', '--esModuleInterop'];

const app = readFileSync('app.ts', 'utf8');
writeFileSync(
  'app.mts',
  app.replace("import express = require('express')", "import express from 'express'"),
);

/** Compiler, `module`, `moduleResolution`, files. `node10` is gone in 7.0, and deprecated in 6.0. */
const cases = [
  ['typescript-5.6', 'commonjs', 'node10', 'app.ts'],
  ['typescript-5.6', 'node16', 'node16', 'app.ts', 'app.mts'],
  ['typescript-5.6', 'esnext', 'bundler', 'app.mts'],
  ['typescript', 'node16', 'node16', 'app.ts', 'app.mts'],
  ['typescript-6.0', 'commonjs', 'node10', 'app.ts', '--ignoreDeprecations', '6.0'],
  ['typescript-6.0', 'nodenext', 'nodenext', 'app.ts', 'app.mts'],
  ['typescript-7.0', 'node16', 'node16', 'app.ts', 'app.mts'],
  ['typescript-7.0', 'esnext', 'bundler', 'app.mts'],
];

async function compile([compiler, module, resolution, ...files]) {
  const options = [...STRICT, ...OTHERS, '--module', module, '--moduleResolution', resolution];
  const { version } = JSON.parse(readFileSync(`node_modules/${compiler}/package.json`, 'utf8'));
  const program = `node_modules/${compiler}/bin/tsc`;
  await run(process.execPath, [program, ...options, ...files]).catch((error) => {
    throw new Error(`TypeScript ${version}, ${module}, ${resolution}:\n${error.stdout}`);
  });
  pass(`TypeScript ${version}, ${module}, ${resolution}`);
}

const waiting = [...cases];
const work = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await compile(next);
};
await Promise.all([work(), work()]);

// It must find a mistake, or the rest proves nothing.
writeFileSync('wrong.ts', `${app}\nguard.users.block(42, 'x', 'y');\n`);
const wrong = await compile(['typescript-7.0', 'node16', 'node16', 'wrong.ts']).catch(
  () => 'found',
);
if (wrong !== 'found') throw new Error('The compiler finds no mistake.');

const jest = await run(process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], {
  timeout: 90_000,
}).catch((error) => {
  throw new Error(`Jest:\n${error.stdout}\n${error.stderr}`);
});
if (!/Tests: +2 passed/.test(jest.stderr)) throw new Error(jest.stderr);
pass('Jest in its default set-up, and with ts-jest: a call, a count of tokens, a denial');
