import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { UNLIMITED } from './rate-limits.ts';
import type { Pause, Script } from './script.ts';
import type { SeenRequest } from './seen-request.ts';

type Begun = { -readonly [Key in keyof SeenRequest]: SeenRequest[Key] };

/** The response to one request. Every wait ends when the socket closes. */
export class FakeResponse {
  readonly seen: SeenRequest;
  readonly script: Script;
  readonly serial: string;
  readonly raw: ServerResponse;
  readonly socket: Socket;
  /** Names and values of what the answer says of the limits. */
  rateHeaders = UNLIMITED;
  #closed: Promise<void> | undefined;

  constructor(seen: SeenRequest, script: Script, serial: string, raw: ServerResponse) {
    this.seen = seen;
    this.script = script;
    this.serial = serial;
    this.raw = raw;
    this.socket = raw.req.socket;
  }

  get isClosed(): boolean {
    return this.raw.destroyed || this.socket.destroyed;
  }

  /** Resolves when the client has left, or the response has ended. */
  untilClosed(): Promise<void> {
    this.#closed ??= this.isClosed
      ? Promise.resolve()
      : new Promise((resolve) => this.raw.once('close', resolve));
    return this.#closed;
  }

  async pause(pause: Pause | undefined): Promise<void> {
    if (pause === undefined || this.isClosed) return;
    const ended = new AbortController();
    await Promise.race([waitFor(pause, ended.signal), this.untilClosed()]);
    ended.abort();
  }

  begin(status: number, headers: string[]): void {
    (this.seen as Begun).responseBegunAtMs = performance.now();
    this.raw.writeHead(status, headers);
  }

  /** Returns a promise to wait for, if the buffer is full. */
  write(bytes: string | Uint8Array): Promise<unknown> | undefined {
    if (this.raw.write(bytes)) return undefined;
    return Promise.race([once(this.raw, 'drain'), this.untilClosed()]);
  }

  /** Resolves when the bytes have left this process, in a separate write. */
  async writeAlone(bytes: string | Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve) => this.raw.write(bytes, () => resolve()));
    await Promise.race([written, this.untilClosed()]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function waitFor(pause: Pause, signal: AbortSignal): Promise<unknown> {
  if (typeof pause === 'number') return sleep(pause, undefined, { signal }).catch(() => undefined);
  if (typeof pause === 'function') return pause();
  return 'wait' in pause ? pause.wait() : pause;
}
