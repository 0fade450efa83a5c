import { LedgerError } from '../../errors.ts';
import type { Script } from './script.ts';

/** Numbers go as doubles, in bytes. */
export type Parameter = string | Buffer;

/** `ioredis` 5 and 6, as far as it is used here: a client, or a Cluster. */
export interface IoRedisClient {
  evalsha(sha: string, keyCount: number, ...parts: Parameter[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...parts: Parameter[]): Promise<unknown>;
  duplicate(...options: never[]): IoRedisSubscriber;
  info?(section: string): Promise<string>;
}

interface IoRedisSubscriber {
  readonly status: string;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'message' | 'error' | 'ready', listener: () => void): unknown;
  disconnect(): void;
}

/** `redis` (node-redis) 5 and 6: a client that is connected, or a cluster. */
export interface NodeRedisClient {
  evalSha(sha: string, options: { keys: string[]; arguments: Parameter[] }): Promise<unknown>;
  eval(text: string, options: { keys: string[]; arguments: Parameter[] }): Promise<unknown>;
  duplicate(): NodeRedisSubscriber;
  info?(section: string): Promise<unknown>;
}

interface NodeRedisSubscriber {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  on(event: 'error' | 'ready', listener: () => void): unknown;
  destroy(): unknown;
}

export type RedisClient = IoRedisClient | NodeRedisClient;

export interface RedisDriver {
  run(script: Script, keys: string[], parameters: Parameter[]): Promise<unknown>;
  /** Calls `listener` for each message, and whenever some may have been missed. */
  subscribe(channel: string, listener: () => void): () => void;
  info(section: string): Promise<string | undefined>;
}

/** Speaks to either library. A client is the app's: it is never closed here. */
export function driverOf(client: RedisClient): RedisDriver {
  if (isIoRedis(client)) return new IoRedisDriver(client);
  if ('evalSha' in client) return new NodeRedisDriver(client);
  throw new TypeError('"client" must be a client of "ioredis" (5, 6) or "redis" (5, 6)');
}

const isIoRedis = (client: RedisClient): client is IoRedisClient => 'evalsha' in client;

/** A script is sent by its name; a server that does not know it yet gets the text. */
async function byName(named: () => Promise<unknown>, whole: () => Promise<unknown>) {
  try {
    return await named();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return whole();
    throw error;
  }
}

class IoRedisDriver implements RedisDriver {
  readonly #client: IoRedisClient;

  constructor(client: IoRedisClient) {
    this.#client = client;
  }

  run({ text, sha }: Script, keys: string[], parameters: Parameter[]): Promise<unknown> {
    const parts = [...keys, ...parameters];
    return byName(
      () => this.#client.evalsha(sha, keys.length, ...parts),
      () => this.#client.eval(text, keys.length, ...parts),
    );
  }

  subscribe(channel: string, listener: () => void): () => void {
    const subscriber = this.#client.duplicate();
    subscriber.on('error', () => {});
    // Not before: with the app's own options it may refuse to wait, or to connect by itself.
    subscriber.on('ready', () => {
      subscriber.subscribe(channel).catch(() => {});
      listener();
    });
    subscriber.on('message', listener);
    if (subscriber.status === 'wait') subscriber.connect().catch(() => {});
    return () => subscriber.disconnect();
  }

  async info(section: string): Promise<string | undefined> {
    return this.#client.info?.(section);
  }
}

class NodeRedisDriver implements RedisDriver {
  readonly #client: NodeRedisClient;

  constructor(client: NodeRedisClient) {
    this.#client = client;
  }

  run({ text, sha }: Script, keys: string[], parameters: Parameter[]): Promise<unknown> {
    const options = { keys, arguments: parameters };
    return byName(
      () => this.#client.evalSha(sha, options),
      () => this.#client.eval(text, options),
    );
  }

  subscribe(channel: string, listener: () => void): () => void {
    const subscriber = this.#client.duplicate();
    subscriber.on('error', () => {});
    subscriber.on('ready', listener);
    subscriber
      .connect()
      .then(() => subscriber.subscribe(channel, listener))
      .catch(() => {});
    return () => void subscriber.destroy();
  }

  async info(section: string): Promise<string | undefined> {
    const text = await this.#client.info?.(section);
    return typeof text === 'string' ? text : undefined;
  }
}

/** What a client says, as a failure of this store. */
export function failureOf(error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const lost = 'Redis has lost what was counted in it: see docs/ledgers/redis.md, "durable"';
  const message = said.includes('GUARDLOST') ? lost : `Redis: ${said}`;
  return new LedgerError(message, { cause: error });
}
