import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import type { Guard, Ledger } from '../../src/index.ts';
import { memoryLedger } from '../../src/index.ts';
import { chat, startFixture, tokenOf } from '../fixture.ts';
import { codeOf } from './markdown.ts';
import { startWorld, type World } from './run-blocks.ts';

const [, netlify = '', lambda = '', azure = ''] = codeOf('docs/serverless.md');
const json = { 'content-type': 'application/json' };

async function guardBeside(world: World): Promise<{ guard: Guard; authorization: string }> {
  const { guard } = (await world.beside('guard.ts')) as { guard: Guard };
  return { guard, authorization: `Bearer ${await tokenOf(guard)}` };
}

describe('docs/serverless.md', () => {
  it('The Netlify example answers a Request', async () => {
    await using world = await startWorld('netlify');
    const program = await world.run('netlify', netlify);
    const handle = program['default'] as (request: Request) => Promise<Response>;
    const { guard, authorization } = await guardBeside(world);
    const url = 'https://my-app.netlify.app/v1/chat/completions';
    const body = JSON.stringify(chat());
    const answer = await handle(
      new Request(url, { method: 'POST', headers: { ...json, authorization }, body }),
    );
    expect(await answer.json()).toMatchObject({ object: 'chat.completion' });
    await guard.close();
  });

  it('The Lambda example streams an answer to the event of a function URL', async () => {
    await using world = await startWorld('lambda');
    // What Lambda gives the handler: a stream to write to.
    vi.stubGlobal('awslambda', {
      streamifyResponse: (handler: unknown) => handler,
      HttpResponseStream: { from: (stream: object) => stream },
    });
    const program = await world.run('lambda', lambda);
    const handle = program['handler'] as (event: object, sink: object, at: object) => Promise<void>;
    const { guard, authorization } = await guardBeside(world);
    const sink = new PassThrough();
    const streamed = text(sink);
    const rawPath = '/v1/chat/completions';
    const event = {
      version: '2.0',
      rawPath,
      rawQueryString: '',
      headers: { ...json, authorization, host: 'x.lambda-url.eu-central-1.on.aws' },
      requestContext: { domainName: 'x', http: { method: 'POST', path: rawPath } },
      body: JSON.stringify({ ...chat(), stream: true }),
      isBase64Encoded: false,
    };
    await handle(event, sink, {});
    expect(await streamed).toMatch(/data: \[DONE\]/);
    vi.unstubAllGlobals();
    await guard.close();
  });

  it('The Azure example answers a request below its route prefix', async () => {
    await using world = await startWorld('azure');
    const { openAI } = (await world.run('azure', azure)) as {
      openAI: (request: object) => Promise<{ status: number; body: ReadableStream }>;
    };
    const { guard, authorization } = await guardBeside(world);
    const url = 'https://my-app.azurewebsites.net/api/v1/chat/completions';
    const { method, headers, body } = new Request(url, {
      method: 'POST',
      headers: { ...json, authorization },
      body: JSON.stringify(chat()),
    });
    const answer = await openAI({ url, method, headers, body });
    expect(answer.status).toBe(200);
    expect(await new Response(answer.body).json()).toMatchObject({ object: 'chat.completion' });
    await guard.close();
  });

  it.each([false, true])(
    'A charge is handed to the store before the last byte of the answer, with stream: %s',
    async (stream) => {
      const order: string[] = [];
      const inner = memoryLedger();
      const ledger: Ledger = new Proxy(inner, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (name === 'inProcess') return undefined;
          if (typeof value !== 'function') return value;
          return (...given: unknown[]) => {
            if (name === 'settle') order.push('settle');
            return value.apply(target, given);
          };
        },
      });
      await using fixture = await startFixture({ ledger });
      const response = await fixture.guard.handler(
        new Request('http://backend.test/v1/chat/completions', {
          method: 'POST',
          headers: { ...json, authorization: `Bearer ${await tokenOf(fixture.guard)}` },
          body: JSON.stringify({ ...chat(), stream }),
        }),
      );
      await response.text();
      order.push('end');
      expect(order).toEqual(['settle', 'end']);
    },
  );
});
