import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { answerBytes, CONTENT_FRAMES, type StreamBytes, streamBytes } from './workload.ts';

/** Stands in for OpenAI; answers from bytes made beforehand, so that it is never what is measured. */
export interface Upstream {
  readonly port: number;
  /** Content frames of each stream that begins from now on. */
  contentFrames: number;
  /** Frames reached the client: as many may leave. */
  framesArrived(count: number): void;
  close(): void;
}

export async function startUpstream(): Promise<Upstream> {
  const streams = new Streams();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, streams);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get contentFrames() {
      return streams.contentFrames;
    },
    set contentFrames(count) {
      streams.contentFrames = count;
    },
    framesArrived: (count) => streams.framesArrived(count),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const plainStream = streamBytes(false);
const meteredStream = streamBytes(true);

function serve(socket: Socket, streams: Streams): void {
  let received = '';
  socket.setNoDelay(true);
  // A contender that closes its connections is no failure of the measurement.
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
 * Keeps as many frames on their way as streams are open, and sends one for each that arrived. So
 * every frame comes to the contender by itself, as OpenAI's do, however slow the contender is; frames
 * sent faster would pile up in its socket and be read several at once, which would hide its cost.
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
    // It takes its place among the frames on their way along.
    this.#mayLeave -= 1;
  }
}
