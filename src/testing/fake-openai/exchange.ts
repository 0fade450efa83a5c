import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pause, Script } from './script.ts';
import type { SeenRequest } from './seen-request.ts';

type Begun = { -readonly [Key in keyof SeenRequest]: SeenRequest[Key] };

/** One request and the way back to whoever sent it; every wait in it ends when the socket closes. */
export class FakeExchange {
  readonly seen: SeenRequest;
  readonly script: Script;
  readonly serial: string;
  readonly response: ServerResponse;
  readonly socket: Socket;
  #gone: Promise<void> | undefined;

  constructor(seen: SeenRequest, script: Script, serial: string, response: ServerResponse) {
    this.seen = seen;
    this.script = script;
    this.serial = serial;
    this.response = response;
    this.socket = response.req.socket;
  }

  get isGone(): boolean {
    return this.response.destroyed || this.socket.destroyed;
  }

  /** Resolves when the other side has left, or the answer is over. */
  untilGone(): Promise<void> {
    this.#gone ??= this.isGone
      ? Promise.resolve()
      : new Promise((resolve) => this.response.once('close', resolve));
    return this.#gone;
  }

  async pause(pause: Pause | undefined): Promise<void> {
    if (pause === undefined || this.isGone) return;
    const ended = new AbortController();
    await Promise.race([waitFor(pause, ended.signal), this.untilGone()]);
    ended.abort();
  }

  begin(status: number, headers: string[]): void {
    (this.seen as Begun).responseBegunAtMs = performance.now();
    this.response.writeHead(status, headers);
  }

  /** Returns a promise of room for more, or nothing when there still is some. */
  write(bytes: string | Uint8Array): Promise<unknown> | undefined {
    if (this.response.write(bytes)) return undefined;
    return Promise.race([once(this.response, 'drain'), this.untilGone()]);
  }

  /** Resolves when the bytes have left this process, as a write of their own. */
  async writeAlone(bytes: string | Uint8Array): Promise<void> {
    const written = new Promise<void>((resolve) => this.response.write(bytes, () => resolve()));
    await Promise.race([written, this.untilGone()]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function waitFor(pause: Pause, signal: AbortSignal): Promise<unknown> {
  if (typeof pause === 'number') return sleep(pause, undefined, { signal }).catch(() => undefined);
  if (typeof pause === 'function') return pause();
  return 'wait' in pause ? pause.wait() : pause;
}
