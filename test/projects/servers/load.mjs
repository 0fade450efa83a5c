// Every entry, imported and required: the same names, from two builds.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync('node_modules/guarded-completion/package.json', 'utf8'));
for (const path of Object.keys(manifest.exports)) {
  if (path.endsWith('.json')) continue;
  const entry = path.replace('.', manifest.name);
  const imported = await import(entry);
  const required = require(entry);
  const names = Object.keys(imported).sort();
  if (names.length === 0) throw new Error(`${entry} exports nothing`);
  if (names.join() !== Object.keys(required).sort().join())
    throw new Error(`${entry} is not the same when it is required`);
  if (names.every((name) => imported[name] === required[name]))
    throw new Error(`${entry} has no CommonJS build: ESM was required`);
}
