import type { Target } from './contender-process.ts';
import { HttpConnection, type Timing } from './http-connection.ts';
import type { Upstream } from './upstream.ts';
import { chatBody, type Kind } from './workload.ts';

/** Sends one request. `onFrames` is called with the number of server-sent events that just completed. */
export type Ask = (onFrames?: (count: number) => void) => Promise<Timing>;

/** Connections that send requests in a closed loop until they are stopped. */
export class Load {
  readonly #asks: readonly Ask[];
  readonly #connections: readonly HttpConnection[];
  #isStopped = false;

  constructor(target: Target, connections: number, kind: Kind) {
    const { port, callers } = target;
    this.#connections = Array.from({ length: connections }, () => new HttpConnection(port));
    this.#asks = this.#connections.map((connection, index) => {
      const request = requestText(callers[index % callers.length], kind);
      return (onFrames) => connection.exchange(request, onFrames ? { onFrames } : {});
    });
  }

  /** Repeats `once` on each connection while `goesOn` returns true. Rejects with the first failure. */
  async run(once: (ask: Ask) => Promise<unknown>, goesOn = () => true): Promise<void> {
    await Promise.all(
      this.#asks.map(async (ask) => {
        while (!this.#isStopped && goesOn()) await once(ask);
      }),
    );
  }

  /** Waits for the responses in flight, then closes the connections. */
  async stop(ended: Promise<void>): Promise<void> {
    this.#isStopped = true;
    await ended;
    this.close();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** Reports each arrived frame to the stand-in, and at the end the frames that a contender merged. */
export async function askStream(
  ask: Ask,
  upstream: Upstream,
  onFrames: (count: number) => void,
): Promise<Timing> {
  let missing = upstream.contentFrames;
  const arrived = (count: number) => {
    const content = Math.min(count, missing);
    missing -= content;
    onFrames(content);
    upstream.framesArrived(content);
  };
  const timing = await ask(arrived);
  arrived(missing);
  return timing;
}

function requestText(caller: Readonly<Record<string, string>> = {}, kind: Kind): string {
  const body = chatBody(kind);
  const lines = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    'accept: application/json',
    'user-agent: bench',
    `content-length: ${body.length}`,
    ...Object.entries(caller).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
