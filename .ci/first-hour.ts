/**
 * From an empty folder to the first guarded call, by the first screen of README.md alone: installs the packed
 * tarball as the page says, writes its program, runs it, and runs the `curl` command that it prints. Prints how
 * long that took. Its target is 60 s.
 */
import { execFileSync, execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const TARGET_S = 60;

/** What the page tells a newcomer to do. */
function firstScreen(): { install: string; file: string; program: string } {
  const [, install] = /`(npm install guarded-completion [^`]*)`/.exec(README) ?? [];
  const [, file] = /this `([\w.]+)`:/.exec(README) ?? [];
  const [, program] = /^```js\n(.*?)^```$/ms.exec(README) ?? [];
  if (install === undefined || file === undefined || program === undefined) {
    throw new Error('README.md has no installation, no file or no program on its first screen.');
  }
  return { install, file, program };
}

/** Returns the status and the code of the answer to the command. */
function run(command: string): string {
  const answer = execSync(`${command} -s -w '\n%{http_code}'`, { encoding: 'utf8' });
  const [body = '', status = ''] = answer.split(/\n(?=\d+$)/);
  const { error } = JSON.parse(body) as { error?: { code: string } };
  return error === undefined ? status : `${status} ${error.code}`;
}

async function commandOf(process: ReturnType<typeof spawn>): Promise<string> {
  let printed = '';
  process.stdout?.on('data', (chunk) => {
    printed += String(chunk);
  });
  const ended = once(process, 'exit').then(() => {
    throw new Error(`The program ended: ${printed}`);
  });
  while (!printed.endsWith("}'\n"))
    await Promise.race([once(process.stdout ?? process, 'data'), ended]);
  return printed.trim();
}

const folder = mkdtempSync(join(tmpdir(), 'first-hour-'));
const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
  cwd: ROOT,
  encoding: 'utf8',
}).trim();
const { install, file, program } = firstScreen();
const startedAtMs = performance.now();
// The package that is published would be this tarball.
const published = install.replace('guarded-completion', `./${packed}`);
execSync(`${published} --no-audit --no-fund --silent`, { cwd: folder, stdio: 'inherit' });
writeFileSync(join(folder, file), program);
const server = spawn(process.execPath, [file], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const command = await commandOf(server);
  const first = run(command);
  const tookS = (performance.now() - startedAtMs) / 1000;
  const answers = [first, run(command), run(command)].join(', ');
  console.log(`first guarded call after ${tookS.toFixed(1)} s (target ${TARGET_S}); ${answers}`);
  if (answers !== '200, 200, 429 quota_exceeded') process.exitCode = 1;
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
