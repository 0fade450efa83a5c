// Installs the packed tarball in an empty project, as a user would, and uses it there: every export
// imported and required, on Node 22 and 24, and a call through the guard with openai 5, 6 and 7.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleSize, requireSmall, table } from './bundle-size.mjs';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const project = mkdtempSync(join(tmpdir(), 'guarded-completion-'));
const run = (command, args, cwd = project) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const entries = Object.keys(manifest.exports)
  .filter((entry) => !entry.endsWith('.json'))
  .map((entry) => entry.replace('.', manifest.name));

const load = `
const { createRequire } = await import('node:module');
const require = createRequire(import.meta.url);
for (const entry of ${JSON.stringify(entries)}) {
  const names = Object.keys(await import(entry));
  if (names.length === 0) throw new Error(entry + ' exports nothing');
  if (names.join() !== Object.keys(require(entry)).filter((name) => name !== 'module.exports' && name !== '__esModule').join())
    throw new Error(entry + ' is not the same when it is required');
}
`;

const call = `
import { createGuardedCompletion } from 'guarded-completion';
import { fakeOpenAI } from 'guarded-completion/testing';
const fake = await fakeOpenAI();
const guard = createGuardedCompletion({
  apiKey: 'sk-example', baseURL: fake.baseURL, secret: 'x'.repeat(32),
  plans: { free: { models: ['gpt-5-mini'], limits: [{ requests: 1, per: '24h' }] } },
});
const openai = guard.client('ada');
const ask = () => openai.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hi' }] });
const answer = await ask();
if (!answer.choices[0].message.content) throw new Error('no answer');
const refused = await ask().catch((error) => error);
if (refused.code !== 'quota_exceeded' || refused.status !== 429) throw new Error('not refused: ' + refused);
const counting = createGuardedCompletion({
  apiKey: 'sk-example', baseURL: fake.baseURL, secret: 'x'.repeat(32),
  plans: { free: { models: ['gpt-5-mini'], maxOutputTokens: 1000, limits: [{ tokens: 5000, per: 'day' }] } },
});
const messages = [{ role: 'user', content: 'word '.repeat(1200) }];
await counting.client('ada').chat.completions.create({ model: 'gpt-5-mini', messages });
await counting.close();
await guard.close();
await fake.close();
`;

let passed = 0;
const pass = (what) => {
  passed += 1;
  console.log(`ok ${what}`);
};

/** The check is tried on a limit that no entry keeps, so that it is known to fail where it must. */
async function checkSize() {
  const peers = Object.keys(manifest.peerDependencies);
  const size = await bundleSize(join(root, manifest.exports['.'].import.default), peers);
  console.log(`${table(size.sizes)}\n${String(size.total).padStart(9)}  in all`);
  requireSmall(size);
  let fails = false;
  try {
    requireSmall(size, 1_000);
  } catch {
    fails = true;
  }
  if (!fails) throw new Error('the check of the size does not fail');
  pass(`the main entry has ${size.total} bytes in a bundle, minified`);
}

try {
  await checkSize();
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', project], root));
  const stray = packed.files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist|src|docs|examples)\/|^[\w.]+\.(json|md|txt)$|^LICENSE$|^bench\/README\.md$/.test(
          path,
        ),
    );
  if (stray.length > 0) throw new Error(`the tarball holds ${stray.join(', ')}`);
  pass(`tarball: ${packed.files.length} files, ${packed.size} bytes`);
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(project, 'load.mjs'), load);
  writeFileSync(join(project, 'call.mjs'), call);
  for (const openai of ['5', '6', '7']) {
    const packages = [join(project, packed.filename), `openai@${openai}`, 'fastify@5'];
    run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--silent',
      '--legacy-peer-deps',
      ...packages,
    ]);
    for (const node of ['22', '24']) {
      const on = (script) =>
        run('npx', ['--yes', '--package', `node@${node}`, '--', 'node', script]);
      if (openai === '7') {
        on('load.mjs');
        pass(`every export, imported and required, on Node ${node}`);
      }
      on('call.mjs');
      pass(`a call, a refusal and a count of tokens with openai ${openai} on Node ${node}`);
    }
  }
  console.log(`${passed} passed, 0 failed`);
} finally {
  rmSync(project, { recursive: true, force: true });
}
