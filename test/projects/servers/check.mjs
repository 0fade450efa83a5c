import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environment, expectGuarded, pass, withServer } from './calls.mjs';

const bin = (name) => join('node_modules', '.bin', name);

/** Node of another major, which its package downloads into a package of its own. */
function nodeOf(major) {
  const folder = join(import.meta.dirname, 'node_modules');
  const named = join(folder, `node-${major}`, 'bin', 'node');
  if (existsSync(named)) return named;
  throw new Error(`Node ${major} is not in ${readdirSync(join(folder, `node-${major}`))}`);
}

for (const node of [nodeOf(22), process.execPath, nodeOf(26)]) {
  execFileSync(node, ['load.mjs'], { stdio: 'inherit' });
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  pass(`every entry, imported and required, on Node ${version}`);
}

const servers = [
  ['h3 on Node 24', process.execPath, ['h3.mjs']],
  ['h3 on Node 22, SQLite', nodeOf(22), ['h3.mjs'], { SQLITE: '1' }],
  ['h3 on Node 26, SQLite', nodeOf(26), ['h3.mjs'], { SQLITE: '1' }],
  ['Elysia on Node', process.execPath, ['elysia.mjs']],
  ['Express 5 in CommonJS', process.execPath, ['express.cjs'], { EXPRESS: 'express' }],
  ['Express 4 in CommonJS', process.execPath, ['express.cjs'], { EXPRESS: 'express-4' }],
  ['Express 5 on Node 26', nodeOf(26), ['express.cjs'], { EXPRESS: 'express' }],
  ['Bun', bin('bun'), ['bun.mjs']],
  ['Bun, SQLite', bin('bun'), ['bun.mjs'], { SQLITE: '1' }],
  ['Deno', bin('deno'), ['run', '-A', 'deno.mjs']],
  ['Deno, SQLite', bin('deno'), ['run', '-A', 'deno.mjs'], { SQLITE: '1' }],
];

for (const [name, command, parameters, env = {}] of servers) {
  const world = await environment();
  Object.assign(world.env, env);
  await withServer(command, parameters, world, () => expectGuarded(world.origin, world));
  await world.fake.close();
  pass(`${name}: a call, a stream, a disconnect, a denial`);
}
