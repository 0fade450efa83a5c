import type { ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { ANYBODY, contend, listen } from './contender.ts';

const FRAMING: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

class Passing implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    received: NodeJS.Dict<string | string[]>,
  ): void {
    const headers: string[] = [];
    for (const [name, value] of Object.entries(received)) {
      if (!FRAMING.has(name)) headers.push(name, String(value));
    }
    this.#response.writeHead(status, headers);
    this.#response.on('drain', () => controller.resume());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

/** The least a proxy on Node can do: node:http in front, undici's `dispatch` behind, nothing in between. */
await contend(async ({ upstreamURL }) => {
  const pool = new Pool(upstreamURL, { connections: null, pipelining: 1, allowH2: false });
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    authorization: 'Bearer sk-example',
  };
  const port = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      const path = request.url ?? '/';
      pool.dispatch({ path, method: 'POST', headers, body }, new Passing(response));
    });
  });
  return { port, callers: ANYBODY };
});
