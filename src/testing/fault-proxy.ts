import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A fault of a connection. Byte counts are those of the reply, from the first byte of the connection. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Delays every piece in both directions. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Forwards at most this many bytes in each write. */
  | { readonly kind: 'slice'; readonly bytes: number }
  /** Reads everything and forwards nothing. */
  | { readonly kind: 'blackHole' }
  /** Forwards the request and drops the reply. */
  | { readonly kind: 'swallowReply' }
  /** Delays the reply for milliseconds or until a promise settles. */
  | { readonly kind: 'lateReply'; readonly until: number | PromiseLike<unknown> }
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** Ends the reply with a FIN, but still reads from the client. */
  | { readonly kind: 'halfClose'; readonly afterBytes: number }
  /** Closes the connection as soon as the client sends again after a reply, and forwards nothing of it. */
  | { readonly kind: 'closeOnReuse' };

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** Counts from 1. */
  readonly id: number;
  /** Set it to give this connection its own fault. `undefined` uses the fault of the proxy. */
  fault: Fault | undefined;
  /** Bytes received from the client. */
  readonly bytesUp: number;
  /** Bytes received from the target. */
  readonly bytesDown: number;
}

/** A TCP proxy on 127.0.0.1 that causes a fault. */
export interface FaultProxy extends AsyncDisposable {
  /** The address that it listens on: `127.0.0.1`. */
  readonly host: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Set it at any time. It applies to open connections too. */
  fault: Fault;
  /** The connections that are open now. */
  readonly open: readonly ProxiedConnection[];
  /** Sums over all connections, including closed ones. */
  readonly counters: { readonly connections: number; bytesUp: number; bytesDown: number };
  /** Cuts every connection. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of `target`. It forwards everything until a fault is set.
 *
 * @example
 * ```ts
 * await using proxy = await faultProxy({ host: '127.0.0.1', port: 6379 });
 * proxy.fault = { kind: 'blackHole' };
 * ```
 */
export async function faultProxy(target: { host: string; port: number }): Promise<FaultProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen();
  return proxy;
}

class TcpProxy implements FaultProxy {
  readonly host = '127.0.0.1';
  readonly counters = { connections: 0, bytesUp: 0, bytesDown: 0 };
  fault: Fault = { kind: 'pass' };
  readonly #open = new Set<OpenConnection>();
  readonly #server: Server;

  constructor(target: { host: string; port: number }) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const id = ++this.counters.connections;
      const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
      const connection = new OpenConnection(this, id, client, upstream);
      this.#open.add(connection);
      void connection.run().finally(() => this.#open.delete(connection));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get open(): readonly ProxiedConnection[] {
    return [...this.#open];
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, this.host, resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#open) connection.cut();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class OpenConnection implements ProxiedConnection {
  readonly id: number;
  fault: Fault | undefined;
  bytesUp = 0;
  bytesDown = 0;
  readonly #proxy: TcpProxy;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #ended = new AbortController();

  constructor(proxy: TcpProxy, id: number, client: Socket, upstream: Socket) {
    this.id = id;
    this.#proxy = proxy;
    this.#client = client;
    this.#upstream = upstream;
    for (const socket of [client, upstream]) socket.on('error', () => this.cut());
    client.once('close', () => this.cut());
  }

  async run(): Promise<void> {
    const up = pump(this.#client, this.#upstream, (chunk) => this.#up(chunk));
    const down = pump(this.#upstream, this.#client, (chunk) => this.#down(chunk));
    await Promise.all([up, down]);
    this.cut();
  }

  cut(reset = false): void {
    this.#ended.abort();
    for (const socket of [this.#client, this.#upstream]) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  get #current(): Fault {
    return this.fault ?? this.#proxy.fault;
  }

  async #up(chunk: Buffer): Promise<void> {
    this.bytesUp += chunk.length;
    this.#proxy.counters.bytesUp += chunk.length;
    const fault = this.#current;
    if (fault.kind === 'blackHole') return;
    if (fault.kind === 'closeOnReuse' && this.bytesDown > 0) return this.cut();
    await this.#forward(chunk, this.#upstream, fault);
  }

  async #down(chunk: Buffer): Promise<void> {
    const before = this.bytesDown;
    this.bytesDown += chunk.length;
    this.#proxy.counters.bytesDown += chunk.length;
    const fault = this.#current;
    if (fault.kind === 'blackHole' || fault.kind === 'swallowReply') return;
    if (fault.kind === 'lateReply') await this.#wait(fault.until);
    if (fault.kind !== 'reset' && fault.kind !== 'halfClose') {
      return this.#forward(chunk, this.#client, fault);
    }
    const room = Math.max(0, fault.afterBytes - before);
    if (room > 0) await this.#forward(chunk.subarray(0, room), this.#client, fault);
    if (this.bytesDown < fault.afterBytes) return;
    if (fault.kind === 'reset') this.cut(true);
    else this.#client.end();
  }

  async #forward(chunk: Buffer, to: Socket, fault: Fault): Promise<void> {
    if (fault.kind === 'latency') await this.#wait(fault.ms);
    const size = fault.kind === 'slice' ? Math.max(1, fault.bytes) : chunk.length;
    for (let start = 0; start < chunk.length && to.writable; start += size) {
      const piece = chunk.subarray(start, start + size);
      await new Promise<void>((resolve) => to.write(piece, () => resolve()));
      if (fault.kind === 'slice') await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #wait(until: number | PromiseLike<unknown>): Promise<void> {
    const { signal } = this.#ended;
    const ended = new Promise((resolve) =>
      signal.addEventListener('abort', resolve, { once: true }),
    );
    const due = typeof until === 'number' ? sleep(until, undefined, { signal }) : until;
    await Promise.race([Promise.resolve(due).catch(() => undefined), ended]);
  }
}

async function pump(
  from: Socket,
  to: Socket,
  take: (chunk: Buffer) => Promise<void>,
): Promise<void> {
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false }))
      await take(chunk as Buffer);
    to.end();
  } catch {
    to.destroy();
  }
}
