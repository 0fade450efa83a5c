import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import { watchToken } from '../canary.ts';
import { canaries, chat, MODEL } from '../fixture.ts';
import { type Incoming, incoming } from './incoming.ts';
import type { ChildMessage, ChildSettings } from './shutdown-child.ts';

const CHILD = fileURLToPath(new URL('shutdown-child.ts', import.meta.url));
const STREAMS = 50;
const FINISHING = 30;

describe('A process with 50 streams that receives SIGTERM twice', () => {
  it('A process that receives SIGTERM refuses new calls, lets streams finish, cuts the rest, settles all and exits with 0', async () => {
    await using fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
    const finishing = fake.gate();
    const stuck = fake.gate();
    fake.script('finishes', { text: 'one two three', betweenChunks: finishing });
    fake.script('sticks', { text: 'one two three', betweenChunks: stuck });
    const { apiKey, secret } = canaries;
    const { baseURL } = fake;
    const child = startChild({ apiKey, secret, baseURL, model: MODEL, graceMs: 700 });
    const { port, token } = await child.told('listening');
    const open = (content: string) => call(port, watchToken(token), content);
    const streams = await Promise.all(
      Array.from({ length: STREAMS }, async (_, index) => {
        const stream = incoming(await open(index < FINISHING ? 'finishes' : 'sticks'));
        await stream.until('data: ');
        return stream;
      }),
    );
    const closed = child.told('closed');
    const exited = once(child.process, 'exit');
    child.process.kill('SIGTERM');
    await child.told('signalled');
    child.process.kill('SIGTERM');
    const late = await open('too late');
    expect([late.status, late.headers.get('x-guard-code')]).toEqual([503, 'shutting_down']);
    finishing.open();
    const texts = await Promise.all(streams.map((stream: Incoming) => stream.whole()));
    expect(texts.map((text) => text.includes('[DONE]'))).toEqual(
      texts.map((_, index) => index < FINISHING),
    );
    expect(texts.map((text) => text.includes('"shutting_down"'))).toEqual(
      texts.map((_, index) => index >= FINISHING),
    );
    expect(await closed).toMatchObject({ settled: STREAMS, released: 0, failed: 0 });
    expect(await exited).toEqual([0, null]);
    expect(fake.requests).toHaveLength(STREAMS);
  });
});

function call(port: number, token: string, content: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(chat({ stream: true, messages: [{ role: 'user', content }] })),
  });
}

interface Child {
  readonly process: ChildProcess;
  /** Resolves with the child's first message of this kind. */
  told<Kind extends ChildMessage['kind']>(
    kind: Kind,
  ): Promise<Extract<ChildMessage, { kind: Kind }>>;
}

function startChild(settings: ChildSettings): Child {
  const child = fork(CHILD, [JSON.stringify(settings)], { execArgv: [], stdio: 'inherit' });
  const messages: ChildMessage[] = [];
  const watching = new Set<() => void>();
  child.on('message', (message) => {
    messages.push(message as ChildMessage);
    for (const look of watching) look();
  });
  return {
    process: child,
    told: (kind) =>
      new Promise((resolve) => {
        const look = () => {
          const found = messages.find((message) => message.kind === kind);
          if (found === undefined) return;
          watching.delete(look);
          resolve(found as never);
        };
        watching.add(look);
        look();
      }),
  };
}
