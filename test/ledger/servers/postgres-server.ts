import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Pool } from 'pg';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const START_MS_MAX = 15_000;

/** A user other than root: `postgres` and PgBouncer refuse to run as root. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** `undefined` if `DATABASE_URL` names a server that is not ours to kill. */
  readonly own: OwnServer | undefined;
  close(): Promise<void>;
}

/**
 * Starts a server in a new folder, or uses that of `DATABASE_URL`. Without either it warns loudly
 * and returns `undefined`, and fails under CI.
 */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const { DATABASE_URL: url, CI } = process.env;
  if (url !== undefined) return externalServer(url);
  const folder = await findBinaries();
  if (folder !== undefined) return OwnServer.start(folder);
  const reason = 'no "initdb" and "postgres" found, and no DATABASE_URL: Postgres is NOT tested';
  if (CI) throw new Error(reason);
  console.warn(`\n***** ${reason} *****\n`);
  return undefined;
}

function externalServer(url: string): PostgresServer {
  const { hostname, port } = new URL(url);
  const close = async () => {};
  const at = { url, host: hostname, port: Number(port || 5432), own: undefined };
  return { ...at, close, [Symbol.asyncDispose]: close };
}

async function findBinaries(): Promise<string | undefined> {
  const debian = '/usr/lib/postgresql';
  const versions = await readdir(debian).catch((): string[] => []);
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a));
  const folders = newestFirst.map((version) => join(debian, version, 'bin'));
  const all = [...folders, ...(process.env['PATH'] ?? '').split(delimiter)];
  return all.find((path) => ['initdb', 'postgres'].every((name) => existsSync(join(path, name))));
}

export async function unprivileged(): Promise<Account> {
  if (process.getuid?.() !== 0) return undefined;
  const numberOf = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await numberOf('-u'), gid: await numberOf('-g') };
}

export class OwnServer implements PostgresServer {
  readonly host = HOST;
  readonly port: number;
  readonly own = this;
  readonly #binaries: string;
  readonly #folder: string;
  readonly #account: Account;
  #process: ChildProcess | undefined;

  private constructor(binaries: string, folder: string, port: number, account: Account) {
    this.#binaries = binaries;
    this.#folder = folder;
    this.port = port;
    this.#account = account;
  }

  static async start(binaries: string): Promise<OwnServer> {
    const account = await unprivileged();
    const folder = await mkdtemp(join(tmpdir(), 'guarded-postgres-'));
    if (account) await chown(folder, account.uid, account.gid);
    const flags = [
      '-D',
      folder,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-locale',
      '-N',
    ];
    await run(join(binaries, 'initdb'), flags, { ...account });
    const server = new OwnServer(binaries, folder, await freePort(), account);
    // A test run that ends early leaves no server behind.
    process.once('exit', () => server.#process?.kill('SIGQUIT'));
    await server.resume();
    return server;
  }

  get url(): string {
    return `postgres://postgres@${HOST}:${this.port}/postgres`;
  }

  /**
   * Sends SIGQUIT, so that the server recovers as after a crash. Its shared memory is cleaned up.
   */
  async crash(): Promise<void> {
    await this.#end('SIGQUIT');
  }

  /** Starts the server on the same data and waits until it answers. */
  async resume(): Promise<void> {
    const settings = ['max_connections=120', 'shared_buffers=128MB', 'max_wal_size=2GB'];
    const flags = settings.flatMap((setting) => ['-c', setting]);
    const place = ['-D', this.#folder, '-h', HOST, '-p', `${this.port}`, '-k', ''];
    const options = { ...this.#account, stdio: 'ignore' } as const;
    this.#process = spawn(join(this.#binaries, 'postgres'), [...place, ...flags], options);
    await untilPostgresAnswers(this.url);
  }

  /** Sends a signal to every process of the server. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const { pid } = this.#process ?? {};
    if (pid === undefined) return;
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', `${pid}`]);
    for (const child of [
      pid,
      ...stdout
        .split('\n')
        .map(Number)
        .filter((id) => id > 0),
    ]) {
      process.kill(child, signal);
    }
  }

  async close(): Promise<void> {
    await this.signal('SIGCONT').catch(() => {});
    await this.#end('SIGINT');
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ended = this.#process;
    this.#process = undefined;
    if (ended === undefined || ended.exitCode !== null) return;
    const exit = once(ended, 'exit');
    ended.kill(signal);
    await exit;
  }
}

export async function untilPostgresAnswers(url: string): Promise<void> {
  const deadlineMs = performance.now() + START_MS_MAX;
  for (;;) {
    const pool = new Pool({ connectionString: url, max: 1 });
    try {
      await pool.query('SELECT 1');
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(30);
    } finally {
      await pool.end();
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
