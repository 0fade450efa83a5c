import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchToken } from '../canary.ts';
import { canaries, chat, MODEL } from '../fixture.ts';
import type { ChildMessage, ChildSettings } from './small-chunks-child.ts';

const CHILD = fileURLToPath(new URL('small-chunks-child.ts', import.meta.url));
/** As separate buffers, so many bytes would not fit into the heap that the child has. */
const TEXT_BYTES = 300_000;
const HEAP_MB = 56;
const CHUNKS = '1\r\nx\r\n'.repeat(1_000);

describe('Bytes that arrive one at a time', () => {
  const upstream = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    // By hand, because Node would join them.
    const { socket } = response;
    socket?.write('6\r\n{"a":"\r\n');
    for (let sent = 0; sent < TEXT_BYTES; sent += 1_000) socket?.write(CHUNKS);
    socket?.write('2\r\n"}\r\n0\r\n\r\n');
  });
  let child: ChildProcess;
  let ready: Extract<ChildMessage, { kind: 'ready' }>;

  beforeAll(async () => {
    await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
    const { port } = upstream.address() as AddressInfo;
    const { apiKey, secret } = canaries;
    const baseURL = `http://127.0.0.1:${port}/v1`;
    const settings: ChildSettings = { apiKey, secret, baseURL, model: MODEL };
    const execArgv = [`--max-old-space-size=${HEAP_MB}`, '--no-warnings'];
    child = fork(CHILD, [JSON.stringify(settings)], { execArgv });
    [ready] = await once(child, 'message');
    watchToken(ready.token);
  });
  afterAll(async () => {
    const exited = once(child, 'exit');
    if (child.connected) child.disconnect();
    await exited;
    upstream.closeAllConnections();
    await new Promise((done) => upstream.close(done));
  });

  it.each(['node:http', 'Express 5', 'Fastify 5', 'Koa', 'Hono', 'Next route handlers'])(
    'A body of 300 kB in chunks of one byte needs little memory on %s',
    async (host) => {
      const answer = await sendInBytes(ready.ports[host] ?? 0, ready.token);
      expect(answer).toContain('The body must be one JSON object.');
      expect(child.exitCode).toBeNull();
    },
    60_000,
  );

  it('An answer of 300 kB in chunks of one byte needs little memory', async () => {
    child.send(chat());
    const [answered] = (await once(child, 'message')) as [ChildMessage];
    expect(answered).toMatchObject({ kind: 'answered', status: 200, bytes: TEXT_BYTES + 8 });
  }, 60_000);
});

/** Posts a JSON string in chunks of one byte, and returns the response. */
async function sendInBytes(port: number, token: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text;
  });
  socket.write(
    'POST /v1/chat/completions HTTP/1.1\r\nhost: app.test\r\ncontent-type: application/json\r\n' +
      `authorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\n"\r\n`,
  );
  for (let sent = 0; sent < TEXT_BYTES; sent += 1_000) {
    if (!socket.write(CHUNKS)) await once(socket, 'drain');
  }
  socket.write('1\r\n"\r\n0\r\n\r\n');
  await once(socket, 'close');
  return answer;
}
