import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:net';
import { vi } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/index.ts';
import { canaries } from '../canary.ts';
import { ROOT } from './markdown.ts';

const FOLDER = `${ROOT}test/docs/.tmp`;
const SURROUNDINGS = 'surroundings.ts';
/** The reader's own files, which stand next to every snippet. */
export const BESIDE = [SURROUNDINGS, 'guard.ts', 'failing-ledger.ts', 'secrets.ts'];

export interface World extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  readonly origin: string;
  /** Runs a snippet as a module and returns its exports. */
  run(name: string, code: string): Promise<Record<string, unknown>>;
  /** Imports a file that stands next to the snippets. */
  beside(name: string): Promise<Record<string, unknown>>;
}

/** A free port, a fake OpenAI, and a separate folder in which snippets become modules. */
export async function startWorld(name: string): Promise<World> {
  const folder = `${FOLDER}/${name}`;
  const fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  vi.stubEnv('OPENAI_API_KEY', canaries.apiKey);
  vi.stubEnv('GUARD_SECRET', canaries.secret);
  const servers = watchServers();
  const settle = (code: string) =>
    inThisWorld(code, { origin, port, baseURL: fake.baseURL, folder });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of BESIDE) {
    writeFileSync(`${folder}/${file}`, settle(readFileSync(`${ROOT}test/docs/${file}`, 'utf8')));
  }
  return {
    fake,
    origin,
    beside: (file) => import(`${folder}/${file}`),
    run(snippet, code) {
      const file = `${folder}/${snippet}.ts`;
      writeFileSync(file, settle(withSurroundings(code)));
      return import(file);
    },
    async [Symbol.asyncDispose]() {
      servers.closeAll();
      await fake.close();
      vi.unstubAllEnvs();
    },
  };
}

/**
 * The only changes to a snippet: the address of OpenAI, the port of the backend, the path of its
 * file, and longer timeouts for a store on a busy machine.
 */
function inThisWorld(
  code: string,
  {
    origin,
    port,
    baseURL,
    folder,
  }: { origin: string; port: number; baseURL: string; folder: string },
): string {
  // With `upstreams` each of them has an address of its own.
  const address = code.includes('upstreams: {') ? '' : `baseURL: '${baseURL}', `;
  return code
    .replaceAll(
      'createGuardedCompletion({',
      `createGuardedCompletion({ ${address}timeouts: { ledger: '5s' },`,
    )
    .replaceAll('postgresLedger(pool)', 'postgresLedger(pool, { deadlineMs: 5_000 })')
    .replaceAll('{ listenWith }', '{ listenWith, deadlineMs: 5_000 }')
    .replaceAll('https://api.my-app.com', origin)
    .replaceAll("'guard.db'", `'${folder}/guard.db'`)
    .replaceAll(/\b3000\b/g, String(port));
}

/** Adds an import for the names that a snippet uses and its reader has. */
export function withSurroundings(code: string): string {
  const source = readFileSync(`${ROOT}test/docs/${SURROUNDINGS}`, 'utf8');
  const names = [...source.matchAll(/^export (?:const|async function|function) (\w+)/gm)];
  const used = names.map(([, name = '']) => name).filter((name) => called(name).test(code));
  return used.length === 0
    ? code
    : `import { ${used.join(', ')} } from './${SURROUNDINGS}';\n${code}`;
}

/** Does not match a method of that name, as in `console.log(`. */
const called = (name: string) => new RegExp(`(?<![.\\w])${name}\\(`);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

/** Snippets leave their servers running, as backends do. This keeps track of them. */
function watchServers() {
  const servers = new Set<Server>();
  const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (
    this: Server,
    ...options: Parameters<Server['listen']>
  ) {
    servers.add(this);
    return original.apply(this, options);
  });
  return {
    closeAll() {
      listen.mockRestore();
      for (const server of servers) {
        if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
        server.close();
      }
    },
  };
}

const original = Server.prototype.listen;
