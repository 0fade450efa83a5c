// Checks the package as it would be published: what the main entry adds to an app's bundle, what the tarball holds, and
// that every link of its pages leads to a file in it. `npm run test:projects` installs and uses it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleSize, requireSmall, table } from './bundle-size.mjs';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
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

function checkFiles() {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(output);
  const files = new Set(packed.files.map(({ path }) => path));
  const strays = [...files].filter(
    (path) =>
      !/^(?:dist|src|docs|examples)\/|^[\w.]+\.(?:json|md|txt)$|^LICENSE$|^bench\/README\.md$/.test(
        path,
      ),
  );
  if (strays.length > 0) throw new Error(`the tarball holds ${strays.join(', ')}`);
  pass(`tarball: ${files.size} files, ${packed.size} bytes`);
  const lost = [...files]
    .filter((path) => /\.(?:md|txt)$/.test(path))
    .flatMap((page) => lostLinks(page, files));
  if (lost.length > 0) throw new Error(`links outside the tarball:\n${lost.join('\n')}`);
  pass('every link of the pages in the tarball leads to a file in it');
  const bare = [...files].filter(
    (path) => /^dist\/.*\.c?js$/.test(path) && !files.has(`${path}.map`),
  );
  if (bare.length > 0) throw new Error(`no source map: ${bare.join(', ')}`);
  const sources = JSON.parse(readFileSync(join(root, 'dist/index.js.map'), 'utf8')).sources;
  const missing = sources.map((path) => join('dist', path)).filter((path) => !files.has(path));
  if (missing.length > 0) throw new Error(`sources of the map are missing: ${missing.join(', ')}`);
  pass('every file of the build has its source map, whose sources are in the tarball');
}

/** Tests are named in `docs/guarantees.md`, and are in the repository only, as it says. */
function lostLinks(page, files) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)]
    .map(([, link]) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => join(dirname(page), link))
    .filter((target) => !isThere(target, files))
    .filter(
      (target) =>
        !(
          page === 'docs/guarantees.md' &&
          target.startsWith('test/') &&
          existsSync(join(root, target))
        ),
    )
    .map((target) => `${page} → ${target}`);
}

const isThere = (target, files) =>
  files.has(target) || [...files].some((path) => path.startsWith(target.replace(/\/*$/, '/')));

await checkSize();
checkFiles();
console.log(`${passed} passed, 0 failed`);
