/**
 * `npm run test:projects [names]`: installs the package, as it would be published, into the apps of this folder, and runs
 * `check.mjs` of each. Files that the documentation shows are taken from there. Needs `npm run build` before.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from './run-program.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const PAGE = 'docs/frameworks.md';
const AT_ONCE = 2;
const INSTALL = ['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline'];

interface Manifest {
  /** The sections of the page whose blocks are files of this project. */
  readonly sections?: readonly string[];
  /** The folder for these files. */
  readonly sectionsInto?: string;
  /** A folder of the repository whose files belong to it. */
  readonly example?: string;
}

const names = process.argv.slice(2);
const projects = readdirSync(HERE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
  .map(({ name }) => name)
  .filter((name) => names.length === 0 || names.includes(name));

const folder = mkdtempSync(join(tmpdir(), 'guarded-completion-'));
try {
  const [packed = ''] = (
    await runProgram('npm', ['pack', '--silent', '--pack-destination', folder], ROOT)
  )
    .trim()
    .split('\n')
    .slice(-1);
  const waiting = [...projects];
  let passed = 0;
  const faults: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await check(name, join(folder, packed)).then(
        (count) => (passed += count),
        (error: unknown) => faults.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const fault of faults) console.error(fault);
  console.log(`${passed} passed, ${faults.length} failed`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Returns how many checks passed; rejects at the first that fails. */
async function check(name: string, tarball: string): Promise<number> {
  const startedMs = performance.now();
  const at = join(folder, name);
  cpSync(join(HERE, 'shared'), at, { recursive: true });
  cpSync(join(HERE, name), at, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as Manifest;
  if (manifest.example !== undefined) cpSync(join(ROOT, manifest.example), at, { recursive: true });
  const into = join(at, manifest.sectionsInto ?? '.');
  for (const section of manifest.sections ?? []) writeBlocks(section, into);
  await runProgram('npm', [...INSTALL, tarball], at);
  const output = await runProgram(process.execPath, ['check.mjs'], at, { TARBALL: tarball });
  const lines = output.split('\n').filter((line) => line.startsWith('ok '));
  if (lines.length === 0) throw new Error(`${name} checked nothing.`);
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(
    `${lines.map((line) => `${name}: ${line.slice(3)}`).join('\n')}\n${name}: ${seconds} s`,
  );
  return lines.length;
}

/** Each block of a section begins with the name of its file. */
function writeBlocks(section: string, at: string): void {
  const page = readFileSync(join(ROOT, PAGE), 'utf8');
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const blocks = [...text.matchAll(/^```[tj]s\n\/\/ (\S+)\n(.*?)^```$/gms)];
  if (blocks.length === 0) throw new Error(`${PAGE} has no block in "${section}".`);
  for (const [, file = '', code = ''] of blocks) {
    mkdirSync(dirname(join(at, file)), { recursive: true });
    writeFileSync(join(at, file), code);
  }
}
