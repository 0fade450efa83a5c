import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerError } from '../../core/errors.ts';
import { ByName } from './by-name.ts';
import type { RedisScript } from './script/script.ts';

/** Numbers are sent as doubles, in bytes. */
export type Parameter = string | Buffer;

type Evaluate = (script: string, keyCount: number, ...parts: Parameter[]) => Promise<unknown>;

/** `ioredis` 5 and 6, as far as it is used here: a client, or a Cluster. */
export interface IoRedisClient {
  evalsha: Evaluate;
  /** Runs a script. */
  eval: Evaluate;
  /** Opens a second connection, which receives the changes of other processes. */
  duplicate(...options: never[]): IoRedisSubscriber;
  /** Reads the server's status. */
  info?(section: string): Promise<string>;
}

/** `ioredis` has these for every command, but its types do not list them. */
interface BinaryIoRedisClient extends IoRedisClient {
  evalshaBuffer: Evaluate;
  evalBuffer: Evaluate;
}

interface IoRedisSubscriber {
  readonly status: string;
  connect(): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'message' | 'error' | 'ready', listener: () => void): unknown;
  disconnect(): void;
}

interface NodeRedisScripts {
  evalSha(sha: string, options: { keys: string[]; arguments: Parameter[] }): Promise<unknown>;
  /** Runs a script. */
  eval(text: string, options: { keys: string[]; arguments: Parameter[] }): Promise<unknown>;
}

/** `redis` (node-redis) 5 and 6: a client that is connected, or a cluster. */
export interface NodeRedisClient extends NodeRedisScripts {
  withTypeMapping(mapping: { 36: typeof Buffer }): NodeRedisScripts;
  /** Opens a second connection, which receives the changes of other processes. */
  duplicate(): NodeRedisSubscriber;
  /** Reads the server's status. */
  info?(section: string): Promise<unknown>;
}

interface NodeRedisSubscriber {
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: () => void): Promise<unknown>;
  on(event: 'error' | 'ready', listener: () => void): unknown;
  destroy(): unknown;
}

/** A client of `ioredis` or of `redis` (5 and 6); your own, and never closed by the ledger. */
export type RedisClient = IoRedisClient | NodeRedisClient;

export interface RedisDriver {
  run(
    script: RedisScript,
    keys: readonly string[],
    parameters: readonly Parameter[],
  ): Promise<unknown>;
  /** Calls `listener` for each message, and whenever some may have been missed. */
  subscribe(channel: string, listener: () => void): () => void;
  info(section: string): Promise<string | undefined>;
}

/** Returns a driver for either library. A client belongs to the app and is never closed here. */
export function driverOf(client: RedisClient): RedisDriver {
  const given: unknown = client;
  // What was given may be a URL with its password, so no message shows it.
  if (typeof given !== 'object' || given === null) throw new TypeError(`"client" ${MUST_BE}`);
  if (isIoRedis(client)) return new IoRedisDriver(client);
  if (!('evalSha' in client)) throw new TypeError(`"client" ${MUST_BE}`);
  if ('isOpen' in client && client.isOpen === false) {
    throw new TypeError(
      '"client" is not connected: "await client.connect()" before redisLedger(client)',
    );
  }
  return new NodeRedisDriver(client);
}

const MUST_BE =
  'must be a client of "ioredis" (5, 6) or "redis" (5, 6), such as new Redis(process.env.REDIS_URL)';

const isIoRedis = (client: RedisClient): client is IoRedisClient => 'evalsha' in client;

class IoRedisDriver implements RedisDriver {
  readonly #client: BinaryIoRedisClient;
  readonly #byName = new ByName();

  constructor(client: IoRedisClient) {
    this.#client = client as BinaryIoRedisClient;
  }

  run(
    script: RedisScript,
    keys: readonly string[],
    parameters: readonly Parameter[],
  ): Promise<unknown> {
    const client = this.#client;
    const parts = [...keys, ...parameters];
    const [named, whole] = script.binary
      ? (['evalshaBuffer', 'evalBuffer'] as const)
      : (['evalsha', 'eval'] as const);
    return this.#byName.run(
      script.sha,
      () => client[named](script.sha, keys.length, ...parts),
      () => client[whole](script.text, keys.length, ...parts),
    );
  }

  subscribe(channel: string, listener: () => void): () => void {
    const subscriber = this.#client.duplicate();
    subscriber.on('error', () => {});
    // Not before: with the app's own options it may refuse to wait, or connect by itself.
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

/** How node-redis names strings that may be bytes. */
const BLOB_STRING = 36;

class NodeRedisDriver implements RedisDriver {
  readonly #client: NodeRedisClient;
  readonly #binary: NodeRedisScripts;
  readonly #byName = new ByName();

  constructor(client: NodeRedisClient) {
    this.#client = client;
    this.#binary = client.withTypeMapping({ [BLOB_STRING]: Buffer });
  }

  run(
    { text, sha, binary }: RedisScript,
    keys: readonly string[],
    parameters: readonly Parameter[],
  ): Promise<unknown> {
    const client = binary ? this.#binary : this.#client;
    const options = { keys: [...keys], arguments: [...parameters] };
    return this.#byName.run(
      sha,
      () => client.evalSha(sha, options),
      () => client.eval(text, options),
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

/** Returns an error of a client as a failure of this store. */
export function failureOf(error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const lost = 'Redis has lost what was counted in it: see docs/ledgers/redis.md, "durable"';
  const message = said.includes('GUARDLOST') ? lost : `Redis: ${said}`;
  return new LedgerError(message, { cause: error });
}

/** Whether a server answered with an error. Then the script had no effect. An error of Redis
 * begins with a code in capitals; one of a client or of a connection does not. */
export function isErrorReply(error: unknown): boolean {
  const cause = error instanceof LedgerError ? error.cause : undefined;
  return cause instanceof Error && /^[A-Z]{2,}(?: |$)/.test(cause.message);
}

const PAUSE_MS = 20;

/** Repeats, for `deadlineMs`, what a Cluster did not do because the slot of its keys is moving to
 * another node. ioredis does so by itself; node-redis 6 does not. */
export async function whileMoving<T>(run: () => Promise<T>, deadlineMs: number): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!isMoving(error) || performance.now() + PAUSE_MS >= endMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const isMoving = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('TRYAGAIN');
