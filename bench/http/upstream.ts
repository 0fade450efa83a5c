import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { answerBytes, CONTENT_FRAMES, type StreamBytes, streamBytes } from './workload.ts';

/** Stands in for OpenAI. It sends prepared bytes, so that it is never what is measured. */
export interface Upstream extends Disposable {
  readonly port: number;
  /** Its origin, without a path. */
  readonly url: string;
  /** Content frames of each new stream. */
  readonly contentFrames: number;
  /** Changes the number of content frames for streams that begin while `run` runs. */
  whileFramesAre(count: number, run: () => Promise<void>): Promise<void>;
  /** Reports frames that reached the client. The same number may then be sent. */
  framesArrived(count: number): void;
  /** Closes every connection. */
  hangUp(): void;
}

export async function startUpstream(): Promise<Upstream> {
  const streams = new Streams();
  const sockets = new Set<Socket>();
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, streams);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get contentFrames() {
      return streams.contentFrames;
    },
    async whileFramesAre(count, run) {
      const before = streams.contentFrames;
      streams.contentFrames = count;
      await run();
      streams.contentFrames = before;
    },
    framesArrived: (count) => streams.framesArrived(count),
    hangUp,
    [Symbol.dispose]() {
      server.close();
      hangUp();
    },
  };
}

const plainStream = streamBytes(false);
const meteredStream = streamBytes(true);

function serve(socket: Socket, streams: Streams): void {
  let received = '';
  socket.setNoDelay(true);
  // A contender may close its connections. This does not fail the measurement.
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const bodyStart = received.indexOf('\r\n\r\n') + 4;
    if (bodyStart < 4 || received.length < bodyStart + contentLength(received)) return;
    const isStream = received.includes('"stream":true', bodyStart);
    if (isStream) {
      const bytes = received.includes('"include_usage":true') ? meteredStream : plainStream;
      streams.begin(socket, bytes);
    } else socket.write(answerBytes);
    received = '';
  });
}

function contentLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error('The stand-in for OpenAI needs a content-length.');
  return Number(length);
}

interface Stream {
  readonly socket: Socket;
  readonly bytes: StreamBytes;
  framesLeft: number;
}

/**
 * Keeps one frame per open stream in transit, and sends one for each that arrived. So every frame reaches
 * the contender by itself, as OpenAI's do, however slow the contender is. Frames sent faster would pile up
 * in its socket and be read several at once, which would hide their cost.
 */
class Streams {
  contentFrames = CONTENT_FRAMES;
  readonly #open: Stream[] = [];
  #mayLeave = 0;

  begin(socket: Socket, bytes: StreamBytes): void {
    socket.write(bytes.head);
    this.#open.push({ socket, bytes, framesLeft: this.contentFrames });
    this.framesArrived(1);
  }

  framesArrived(count: number): void {
    this.#mayLeave += count;
    while (this.#mayLeave > 0) {
      const stream = this.#open.shift();
      if (stream === undefined) return;
      if (stream.socket.destroyed) continue;
      this.#mayLeave -= 1;
      this.#send(stream);
    }
  }

  #send(stream: Stream): void {
    stream.socket.write(stream.bytes.content);
    stream.framesLeft -= 1;
    if (stream.framesLeft > 0) {
      this.#open.push(stream);
      return;
    }
    stream.socket.write(stream.bytes.tail);
    // The stream's place among the frames in transit ends with it.
    this.#mayLeave -= 1;
  }
}
