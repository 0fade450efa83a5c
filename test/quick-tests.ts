import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entries } from '../.ci/entries.ts';
import { filesBelow } from '../bench/structure/files-below.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Packages that start a process or a server, or speak to a store. */
const STARTERS =
  /^(?:node:(?:child_process|cluster|worker_threads|https?|http2|net|tls|dgram)|pg|postgres|ioredis(?:-\d)?|redis(?:-\d)?|@hono\/node-server|fastify)$/;

/** A ledger over a store, even one in a file. */
const STORES = /^src\/ledger\/(?:sqlite|redis|postgres)\/\w+-ledger\.ts$/;

/** A compiler of a whole program, not the parser of one file. */
const COMPILES = /\bts\.createProgram\(/;

/**
 * The files that `npm run test:quick` runs: all that start no process, no server, no store and no compiler,
 * neither themselves nor by what they import from the tests, the examples and the published test tools.
 */
export function quickTests(): string[] {
  return filesBelow(`${ROOT}test`)
    .map((file) => `test/${file}`)
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('.slow.test.ts'))
    .filter((file) => starterOf(file) === undefined)
    .sort();
}

/** Why a file is not quick, as `file: what it starts`. */
export function starterOf(file: string): string | undefined {
  const reached = new Set([file]);
  for (const path of reached) {
    const text = readFileSync(`${ROOT}${path}`, 'utf8');
    if (COMPILES.test(text)) return `${path}: compiles`;
    for (const name of importsOf(text)) {
      if (STARTERS.test(name)) return `${path}: ${name}`;
      const target = targetOf(path, name);
      if (target !== undefined && STORES.test(target)) return `${path}: ${target}`;
      if (target !== undefined && !isLibrary(target)) reached.add(target);
    }
  }
  return undefined;
}

/** What a text imports by value, statically or not. */
function importsOf(text: string): string[] {
  const statements =
    /^(?:import|export)(?! type)[^;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...text.matchAll(statements)].map((found) => found[1] ?? found[2] ?? found[3] ?? '');
}

/** The file of this repository that a name means. */
function targetOf(from: string, name: string): string | undefined {
  const source = entries.find(({ specifier }) => specifier === name)?.source;
  const path = name.startsWith('.') ? posix.join(posix.dirname(from), name) : source;
  return path?.endsWith('.ts') && existsSync(`${ROOT}${path}`) ? path : undefined;
}

/** What is not looked into: the library itself starts nothing when it is imported. */
const isLibrary = (path: string): boolean =>
  path.startsWith('src/') && !path.startsWith('src/testing/');
