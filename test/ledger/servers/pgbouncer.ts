import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Account, freePort, unprivileged, untilPostgresAnswers } from './postgres-server.ts';

const HOST = '127.0.0.1';
/** Fewer than the connections of clients, so that transactions move between them. */
export const SERVER_CONNECTIONS = 3;
/** Debian installs it in a folder that only root has in PATH. */
const FOLDERS = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)];

/** Our own PgBouncer in transaction mode: each transaction may run on another connection. */
export interface PgBouncer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts PgBouncer in front of the server at `url`. Without a binary it warns loudly and returns
 * `undefined`, and fails under CI.
 */
export async function startPgBouncer(url: string): Promise<PgBouncer | undefined> {
  const binary = FOLDERS.map((folder) => join(folder, 'pgbouncer')).find(existsSync);
  if (binary !== undefined) return start(binary, new URL(url));
  const reason = 'no "pgbouncer" found: the Postgres ledger is NOT tested behind it';
  if (process.env['CI']) throw new Error(reason);
  console.warn(`\n***** ${reason} *****\n`);
  return undefined;
}

async function start(binary: string, server: URL): Promise<PgBouncer> {
  const account = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'guarded-pgbouncer-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(file, settings(server, port));
  if (account) await chown(folder, account.uid, account.gid);
  const bouncer = spawnQuietly(binary, file, account);
  const url = `postgres://${server.username}@${HOST}:${port}${server.pathname}`;
  await untilPostgresAnswers(url);
  return { url, close: () => end(bouncer, folder) };
}

function settings({ hostname, port, username, password, pathname }: URL, listenPort: number) {
  const target = [
    `host=${hostname}`,
    `port=${port || 5432}`,
    `dbname=${pathname.slice(1)}`,
    `user=${username}`,
    ...(password === '' ? [] : [`password=${decodeURIComponent(password)}`]),
  ];
  return `[databases]
* = ${target.join(' ')}
[pgbouncer]
listen_addr = ${HOST}
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 200
server_round_robin = 1
`;
}

function spawnQuietly(binary: string, file: string, account: Account): ChildProcess {
  const bouncer = spawn(binary, [file], { ...account, stdio: 'ignore' });
  // A test run that ends early leaves no process behind.
  process.once('exit', () => bouncer.kill('SIGKILL'));
  return bouncer;
}

async function end(bouncer: ChildProcess, folder: string): Promise<void> {
  if (bouncer.exitCode === null) {
    const exit = once(bouncer, 'exit');
    bouncer.kill('SIGKILL');
    await exit;
  }
  await rm(folder, { recursive: true, force: true });
}
