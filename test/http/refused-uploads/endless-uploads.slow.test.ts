import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startFixture, tokenOf } from '../../fixture.ts';
import { openRequest, rawPost } from '../client.ts';
import { readers, startRefusing } from './refusals.ts';
import { PREFIX } from './sending.ts';

const PATH = `${PREFIX}/chat/completions`;
const head = (bytes: number) =>
  `${rawPost(PATH, 'wrong', '').replace('content-length: 0', `content-length: ${bytes}`)}`;

describe.each(readers)('An upload to $name that does not end', ({ start }) => {
  it('A client that stops in the middle gets its answer, and is then disconnected', async () => {
    await using fixture = await startRefusing();
    await using host = await start(fixture.guard, PREFIX);
    const request = openRequest(host.port, `${head(1_000_000)}the beginning`);
    const closed = new Promise((resolve) => request.socket.on('close', resolve));
    expect(await request.until('invalid_credential')).toContain('HTTP/1.1 401');
    await closed;
  });

  it('A client that never stops is disconnected', async () => {
    await using fixture = await startRefusing();
    await using host = await start(fixture.guard, PREFIX);
    const socket = connect(host.port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const send = (error?: Error | null): void => {
      if (!error) socket.write(piece, send);
    };
    socket.on('error', () => {}).resume();
    socket.write(head(10 * 1024 ** 3), send);
    await closed;
    expect(socket.bytesWritten).toBeGreaterThan(64 * 1024 * 1024);
  });

  it('A body that turned out too large is not kept while its rest arrives', async () => {
    const limit = 4 * 1024 * 1024;
    await using fixture = await startFixture({ bounds: { bodyBytes: limit } });
    await using host = await start(fixture.guard, PREFIX);
    const token = await tokenOf(fixture.guard);
    const endless = rawPost(PATH, token, '')
      .replace('content-length: 0', 'transfer-encoding: chunked')
      .concat(`${(4 * limit).toString(16)}\r\n`);
    const before = held();
    const clients = Array.from({ length: 5 }, () => connect(host.port, '127.0.0.1'));
    await Promise.all(clients.map((socket) => sendPieces(socket, endless, 2 * limit)));
    await expect.poll(() => fixture.denied.length).toBe(clients.length);
    await expect.poll(() => held() - before).toBeLessThan(limit);
    expect(clients.filter(({ destroyed }) => destroyed)).toEqual([]);
    for (const socket of clients) socket.destroy();
  });
});

/** In small pieces, because what a test watches of each write is kept. */
async function sendPieces(socket: Socket, head: string, bytes: number): Promise<void> {
  socket.write(head);
  const piece = Buffer.alloc(64 * 1024, 'x');
  for (let sent = 0; sent < bytes; sent += piece.length) {
    await new Promise((done) => socket.write(piece, done));
  }
}

/** Bytes outside of the heap: those of bodies. */
function held(): number {
  globalThis.gc?.();
  return process.memoryUsage().arrayBuffers;
}
