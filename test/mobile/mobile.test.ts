import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer } from '../../src/auth/index.ts';
import { denialCodes, deny } from '../../src/errors.ts';
import { refusal } from '../../src/http/refuse.ts';
import { toNodeHandler } from '../../src/index.ts';
import { watchToken } from '../canary.ts';
import { chat, type Fixture, MODEL, startFixture, tokenOf } from '../fixture.ts';
import { clients, type WireError } from './clients.ts';

const LOGIN = 'a-login-of-the-user-ada';
const ANSWER = 'Air scatters blue light more than red.';
const HOURS_11_MS = 11 * 3_600_000;

let fixture: Fixture;
let server: Server;
let origin: string;
/** A stream in which OpenAI was silent for longer than the guard is. */
let quietStream: string;
beforeAll(async () => {
  fixture = await startFixture({
    plans: { free: { models: [MODEL] } },
    exchange: { auth: bearer({ [LOGIN]: 'ada' }) },
    timeouts: { heartbeat: '20ms' },
  });
  const serve = toNodeHandler(fixture.guard);
  const exchange = toNodeHandler(fixture.guard.exchange);
  server = createServer((request, response) =>
    request.url === '/token' ? exchange(request, response) : serve(request, response),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fixture.fake.script(/./, { text: ANSWER });
  let pauses = 1;
  const silence = () => (pauses-- > 0 ? sleep(2_600) : undefined);
  fixture.fake.scriptNext({ text: ANSWER, betweenChunks: silence });
  const quiet = await fetch(`${origin}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tokenOf(fixture.guard)}`,
      'content-type': 'application/json',
    },
    body: saying('sky', true),
  });
  quietStream = await quiet.text();
  fixture.fake.script('broken', { text: ANSWER, break: { afterChunks: 3, with: 'reset' } });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await fixture[Symbol.asyncDispose]();
});

const saying = (content: string, stream: boolean) =>
  JSON.stringify(chat({ stream, messages: [{ role: 'user', content }] }));

describe.each(clients)('$name', ({ chatPath, headers, readStream, readError, sleepSeconds }) => {
  const send = async (content: string, stream: boolean, key?: string) => {
    const authorization = `Bearer ${key ?? (await tokenOf(fixture.guard))}`;
    return fetch(origin + chatPath, {
      method: 'POST',
      headers: { ...headers(stream), authorization },
      body: saying(content, stream),
    });
  };

  it('is served whole', async () => {
    const answer = await send('sky', false);
    expect(answer.status).toBe(200);
    const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0]?.message.content).toBe(ANSWER);
  });

  it('reads a stream to its end', async () => {
    const answer = await send('sky', true);
    const body = await answer.text();
    expect(readStream(body)).toEqual({ text: ANSWER, ended: true });
    // It did not ask for usage, and app code takes `choices[0]` of every chunk.
    expect(body).not.toContain('"choices":[]');
  });

  it('reads past the comments that quiet times bring', () => {
    expect(quietStream).toMatch(/^:/m);
    expect(readStream(quietStream)).toEqual({ text: ANSWER, ended: true });
  });

  it('never takes a stream that broke for one that ended', async () => {
    const answer = await send('broken', true);
    const body = await answer.text().catch(() => '');
    const read = () => readStream(body);
    let ended = false;
    try {
      ended = read().ended;
    } catch {
      // It says that it failed, which is right.
    }
    expect(ended).toBe(false);
  });

  it('is told what is wrong with its key', async () => {
    for (const stream of [true, false]) {
      const answer = await send('sky', stream, 'gct_of-another-app');
      const error = { status: answer.status, headers: answer.headers, text: await answer.text() };
      expect(answer.status).toBe(401);
      expect(() => readError(error, stream)).not.toThrow();
    }
  });

  const denials = Object.keys(denialCodes) as (keyof typeof denialCodes)[];
  it.each(denials)('can read %s, and never sleeps long because of it', (code) => {
    const nowMs = Date.now();
    for (const resetsAtMs of [undefined, nowMs + 500, nowMs + 59_000, nowMs + HOURS_11_MS]) {
      const denial = deny(code, 'Because.', resetsAtMs === undefined ? {} : { resetsAtMs });
      const { status, headers: list, body } = refusal(denial, undefined, nowMs);
      const error: WireError = { status, headers: new Headers(list), text: String(body) };
      expect(sleepSeconds(error)).toBeLessThanOrEqual(60);
      for (const stream of [true, false]) {
        const told = readError(error, stream);
        expect(told.code ?? told.message).toBeTruthy();
        if (told.code !== undefined) expect(told.code).toBe(code);
      }
    }
  });
});

it('only a bad or expired credential is 401, which makes clients forget their key', () => {
  const codes = Object.entries(denialCodes).filter(([, { status }]) => status === 401);
  expect(codes.map(([code]) => code)).toEqual(['invalid_credential', 'expired_credential']);
});

describe('examples/flutter', () => {
  const dart = readFileSync(
    new URL('../../examples/flutter/lib/main.dart', import.meta.url),
    'utf8',
  );
  const written = (pattern: RegExp) => pattern.exec(dart)?.[1] ?? '';

  it('is at most 60 lines, and has no key of OpenAI’s in it', () => {
    expect(dart.trim().split('\n').length).toBeLessThanOrEqual(60);
    expect(dart).not.toMatch(/sk-/);
  });

  it('exchanges, refreshes and asks by the paths, headers and fields that the guard serves', async () => {
    const tokenPath = written(/'\$backend(\/token)'/);
    const basePath = written(/baseUrl: '\$backend(\/v1)'/);
    const header = written(/headers: \{'(\w+)': 'Bearer \$login'\}/);
    const fields = [...dart.matchAll(/key\['(\w+)'\]/g)].map(([, name = '']) => name);
    const exchange = (credential: string) =>
      fetch(origin + tokenPath, { method: 'POST', headers: { [header]: `Bearer ${credential}` } });
    let credential = LOGIN;
    for (const _ of ['exchange', 'refresh']) {
      const answer = await exchange(credential);
      expect(answer.status).toBe(200);
      const key = (await answer.json()) as Record<string, unknown>;
      const read = fields.filter((name) => name !== 'error');
      expect(read.length).toBeGreaterThanOrEqual(3);
      for (const name of read) expect(key[name], name).toBeDefined();
      credential = watchToken(String(key['value']));
    }
    const denied = (await (await exchange('nobody')).json()) as { error: Record<string, unknown> };
    expect(written(/key\['error'\]\['(code)'\]/)).toBe('code');
    expect(denied.error['code']).toBe('invalid_credential');
    const asked = await fetch(`${origin}${basePath}/chat/completions`, {
      method: 'POST',
      headers: { [header]: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: saying('sky', true),
    });
    expect(await asked.text()).toContain('data: [DONE]');
    for (const [code] of dart.matchAll(/\b(quota_exceeded|budget_exceeded|user_blocked)\b/g)) {
      expect(denialCodes).toHaveProperty(code);
    }
  });
});
