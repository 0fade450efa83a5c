import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { nextSettled } from '../attacks/served.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

const plans = { free: { models: [MODEL], maxOutputTokens: 100 } };
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
const usage = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 };
// The text of an answer is never taken for a response.
const BODY = JSON.stringify({ id: 'c', choices: [{ message: { content: CONTINUE } }], usage });
const FINAL = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

const interims: Record<string, string> = {
  nothing: '',
  'one 100': CONTINUE,
  'several 100': CONTINUE.repeat(3),
  'a 100 with headers': 'HTTP/1.1 100 Continue\r\ndate: now\r\nx-a: b\r\n\r\n',
  'a 102': 'HTTP/1.1 102 Processing\r\n\r\n',
  'a 103': 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n',
  'a 103 and a 100': `HTTP/1.1 103 Early Hints\r\n\r\n${CONTINUE}`,
};

describe('An interim response of an upstream', () => {
  it.each(Object.entries(interims))(
    'An answer behind %s arrives unchanged and is charged its usage, on a connection that is used again',
    async (_, interim) => {
      await using upstream = await serve((write) => write(interim + FINAL));
      await using fixture = await startFixture({ plans, baseURL: upstream.baseURL });
      for (let call = 0; call < 4; call += 1) {
        const settled = nextSettled(fixture.guard, 'ada');
        const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
        expect([answer.status, await answer.text()]).toEqual([200, BODY]);
        expect(await settled).toMatchObject({ inputTokens: 7, outputTokens: 2, estimated: false });
      }
      expect(fixture.failed).toEqual([]);
      expect(upstream.connections()).toBeLessThan(3);
    },
  );

  it.each([1, 9, 12, 13, 23, 24, 25, 26])(
    'An answer behind a 100 that is cut after byte %i arrives unchanged',
    async (cut) => {
      await using upstream = await serve(async (write) => {
        await write((CONTINUE + FINAL).slice(0, cut));
        await new Promise((done) => setTimeout(done, 20));
        for (const byte of (CONTINUE + FINAL).slice(cut)) await write(byte);
      });
      await using fixture = await startFixture({ plans, baseURL: upstream.baseURL });
      const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
      expect([answer.status, await answer.text()]).toEqual([200, BODY]);
    },
  );

  it('A connection that ends behind a 100 is a failure', async () => {
    await using upstream = await serve(async (write, end) => {
      await write(CONTINUE);
      end();
    });
    await using fixture = await startFixture({ plans, baseURL: upstream.baseURL });
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), chat());
    expect(answer.status).toBe(502);
    expect(fixture.failed).toMatchObject([{ source: 'upstream' }]);
  });
});

type Write = (text: string) => Promise<void>;

/** A server that answers each request with bytes. */
async function serve(answer: (write: Write, end: () => void) => unknown) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    let seen = '';
    socket.on('data', (bytes) => {
      seen += bytes.toString('latin1');
      const head = seen.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(seen)?.[1] ?? Number.NaN);
      if (head < 0 || !(seen.length >= head + 4 + length)) return;
      seen = '';
      const write: Write = (text) =>
        new Promise((done) => socket.write(text, 'latin1', () => done()));
      void answer(write, () => socket.end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
