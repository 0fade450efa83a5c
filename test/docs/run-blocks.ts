import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, Server } from 'node:net';
import { vi } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/index.ts';
import { canaries } from '../canary.ts';
import { ROOT } from './markdown.ts';
import { readerFiles } from './reader-files.ts';

const FOLDER = `${ROOT}test/docs/.tmp`;

export interface World extends AsyncDisposable {
  readonly fake: FakeOpenAI;
  readonly origin: string;
  /**
   * Runs a snippet as a module of this name and returns its exports. A snippet with the name of a file
   * of the reader, such as `guard`, takes its place.
   */
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
  for (const { name: file, code } of readerFiles()) {
    writeFileSync(`${folder}/${file}`, settle(code));
  }
  return {
    fake,
    origin,
    beside: (file) => import(`${folder}/${file}`),
    run(snippet, code) {
      const file = `${folder}/${snippet}.ts`;
      writeFileSync(file, settle(code));
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
  // With `upstreams` each of them has an address of its own. A block that names an address keeps it.
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
