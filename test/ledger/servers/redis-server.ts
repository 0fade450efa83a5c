import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const START_MS_MAX = 10_000;
const SERVERS = ['redis-server', 'valkey-server'];

/** Our own Redis, on a free port and in its own folder. */
export interface RedisServer {
  readonly port: number;
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** The binary on this machine. If there is none, warns loudly, and fails under CI. */
export function redisBinary(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = folders.flatMap((folder) => SERVERS.map((name) => join(folder, name)));
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const reason =
    'no "redis-server" found: the Redis ledger is NOT tested (apt install redis-server)';
  if (process.env['CI']) throw new Error(reason);
  console.warn(`\n***** ${reason} *****\n`);
  return undefined;
}

export async function startRedis(
  binary: string,
  options: readonly string[] = [],
  at?: number,
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  await mkdir(folder, { recursive: true });
  const port = at ?? (await freePort());
  const own = ['--port', `${port}`, '--bind', HOST, '--dir', folder, '--save', '', ...options];
  const server = spawn(binary, [...own, '--daemonize', 'no'], { stdio: 'ignore' });
  await untilListening(port);
  return {
    port,
    process: server,
    async close() {
      // A stopped process does not receive a gentler signal.
      server.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Three masters without replicas, joined as one Cluster. */
export async function startRedisCluster(binary: string): Promise<readonly RedisServer[]> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000'];
  const nodes = await Promise.all([0, 1, 2].map(async () => startRedis(binary, options)));
  const addresses = nodes.map(({ port }) => `${HOST}:${port}`);
  const client = join(binary, '..', binary.endsWith('valkey-server') ? 'valkey-cli' : 'redis-cli');
  await run(client, ['--cluster', 'create', ...addresses, '--cluster-yes']);
  for (const { port } of nodes) await untilClusterIsUp(client, port);
  return nodes;
}

export interface Sentinel extends AsyncDisposable {
  /** The port of the sentinel itself. It watches a master with the name `main`. */
  readonly port: number;
  readonly master: RedisServer;
  readonly replica: RedisServer;
}

/**
 * A master with one replica, and a sentinel that promotes the replica half a second after the
 * master is gone.
 */
export async function startSentinel(binary: string): Promise<Sentinel> {
  // By default a master waits five seconds for more replicas before it sends its data to the first.
  const master = await startRedis(binary, ['--repl-diskless-sync-delay', '0']);
  const replica = await startRedis(binary, ['--replicaof', `${HOST} ${master.port}`]);
  const folder = await mkdtemp(join(tmpdir(), 'sentinel-'));
  const port = await freePort();
  const rules = [
    `port ${port}`,
    `dir ${folder}`,
    `sentinel monitor main ${HOST} ${master.port} 1`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 2000',
  ];
  await writeFile(join(folder, 'sentinel.conf'), rules.join('\n'));
  const sentinel = spawn(binary, [join(folder, 'sentinel.conf'), '--sentinel'], {
    stdio: 'ignore',
  });
  await untilListening(port);
  return {
    port,
    master,
    replica,
    async [Symbol.asyncDispose]() {
      sentinel.kill('SIGKILL');
      await Promise.all([master.close(), replica.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilClusterIsUp(client: string, port: number): Promise<void> {
  for (let left = START_MS_MAX; left > 0; left -= 100) {
    const { stdout } = await run(client, ['-h', HOST, '-p', `${port}`, 'cluster', 'info']);
    if (stdout.includes('cluster_state:ok')) return;
    await sleep(100);
  }
  throw new Error('The Redis Cluster did not come up.');
}

/** A free port. Its bus port in a Cluster is free too. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port < 50_000 ? port : freePort();
}

async function untilListening(port: number): Promise<void> {
  for (let left = START_MS_MAX; left > 0; left -= 20) {
    if (await canConnect(port)) return;
    await sleep(20);
  }
  throw new Error('redis-server did not start.');
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
