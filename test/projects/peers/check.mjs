// An app may have other versions of clients for another use. They block no installation, and the guard works.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { pass } from './calls.mjs';

const apps = [
  [
    'openai 4, ioredis 4, pg 8.5, postgres 3.3 and redis 4',
    ['openai@4', 'ioredis@4', 'pg@8.5', 'postgres@3.3', 'redis@4'],
  ],
  ['openai 5', ['openai@5']],
  ['openai 6', ['openai@6']],
];

for (const [index, [name, packages]] of apps.entries()) {
  const folder = `app-${index}`;
  mkdirSync(folder);
  writeFileSync(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  for (const file of ['guard.mjs', 'calls.mjs', 'call.mjs']) cpSync(file, `${folder}/${file}`);
  const options = { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] };
  const install = ['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline'];
  // First the app's own packages, then the guard beside them, as an app adds it.
  execFileSync('npm', [...install, ...packages], options);
  execFileSync('npm', [...install, process.env.TARBALL], options);
  execFileSync(process.execPath, ['call.mjs'], options);
  pass(`an app with ${name}: an installation, a call, a stream, a denial`);
}
