import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Ledger, LedgerError } from '../../../src/index.ts';
import { type FaultProxy, faultProxy } from '../../../src/testing/fault-proxy.ts';

const SERVER = fileURLToPath(new URL('store-server.ts', import.meta.url));

/** A store in its own process, behind a proxy with configurable faults. */
export interface RemoteStore extends AsyncDisposable {
  readonly ledger: Ledger;
  readonly proxy: FaultProxy;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): Promise<void>;
  /** Restarts on the same port, empty. */
  restart(): Promise<void>;
}

export async function remoteStore(): Promise<RemoteStore> {
  let { child, port } = await startServer(0);
  const proxy = await faultProxy({ host: '127.0.0.1', port });
  const kill = async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return {
    proxy,
    ledger: remoteLedger(proxy.port),
    signal: (signal) => void child.kill(signal),
    kill,
    async restart() {
      ({ child, port } = await startServer(port));
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await proxy.close();
    },
  };
}

async function startServer(port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [SERVER, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: (JSON.parse(line.toString()) as { port: number }).port };
}

/** A plain client like a driver: it connects on first use and has no deadline of its own. */
function remoteLedger(port: number): Ledger {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let socket: Socket | undefined;
  let count = 0;
  const open = (): Socket => {
    const opened = connect(port, '127.0.0.1').setNoDelay();
    opened.on('error', () => {});
    opened.on('close', () => {
      socket = undefined;
      for (const call of waiting.values()) call.reject(new LedgerError('connection closed'));
      waiting.clear();
    });
    createInterface({ input: opened })
      .on('error', () => {})
      .on('line', (line) => {
        const [id, answer] = JSON.parse(line) as [number, unknown];
        waiting.get(id)?.resolve(answer);
        waiting.delete(id);
      });
    return opened;
  };
  const ask = (verb: string, ...args: readonly unknown[]): Promise<never> => {
    const call = Promise.withResolvers<unknown>();
    count += 1;
    waiting.set(count, call);
    socket ??= open();
    socket.write(`${JSON.stringify([count, verb, args])}\n`);
    return call.promise as Promise<never>;
  };
  return {
    records: {
      get: (key) => ask('get', key),
      put: (...args) => ask('put', ...args),
      delete: (key) => ask('delete', key),
      list: (...args) => ask('list', ...args),
      watch: () => () => {},
    },
    reserve: (...args) => ask('reserve', ...args),
    settle: (...args) => ask('settle', ...args),
    release: (...args) => ask('release', ...args),
    renew: (...args) => ask('renew', ...args),
    read: (...args) => ask('read', ...args),
    credit: (...args) => ask('credit', ...args),
    close: async () => void socket?.destroy(),
  };
}
