import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an upstream answers, as it would stand on the wire. */
export interface Replayed {
  readonly contentType: string;
  /** Sent one by one, as fast as they are read. */
  readonly pieces: Iterable<Uint8Array>;
  /** Resets the connection behind the last piece. */
  readonly breaks?: boolean;
  /** Awaited behind the last piece, before the end. */
  readonly pause?: Promise<unknown>;
}

export interface Replay extends AsyncDisposable {
  readonly baseURL: string;
  /** The answer to the next call and all later ones. */
  answer: Replayed;
  /** Answers whose connection closed before their end. */
  readonly cut: number;
}

/** An upstream that answers every call with the same bytes. */
export async function replayUpstream(answer: Replayed): Promise<Replay> {
  let cut = 0;
  const replay = { answer };
  const server = createServer(async (request, response) => {
    request.resume();
    await once(request, 'end');
    response.on('close', () => {
      if (!response.writableFinished) cut += 1;
    });
    await send(response, replay.answer);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    get answer() {
      return replay.answer;
    },
    set answer(next) {
      replay.answer = next;
    },
    get cut() {
      return cut;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function send(
  response: ServerResponse,
  { contentType, pieces, breaks, pause }: Replayed,
): Promise<void> {
  response.writeHead(200, { 'content-type': contentType });
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await readOn(response);
  }
  await pause;
  if (breaks) response.socket?.resetAndDestroy();
  else response.end();
}

/** Resolves when the client has read what was written, or has left. */
function readOn(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
