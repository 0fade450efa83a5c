import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { bearer } from '../../src/auth/index.ts';
import { denialCodes } from '../../src/core/denial.ts';
import { toNodeHandler } from '../../src/http/node.ts';
import type { GuardOptions } from '../../src/index.ts';
import { watchToken } from '../canary.ts';
import { type Fixture, MODEL, startFixture } from '../fixture.ts';
import { clients } from './clients.ts';

const dart = readFileSync(new URL('../../examples/flutter/lib/main.dart', import.meta.url), 'utf8');
const allOf = (pattern: RegExp): string[] =>
  [...dart.matchAll(pattern)].map(([, found = '']) => found);
const oneOf = (pattern: RegExp): string => {
  const [found, ...more] = allOf(pattern);
  if (found === undefined || more.length > 0) throw new Error(`${pattern} is not there once.`);
  return found;
};

const HOST = 'https://api.my-app.com';
const LOGIN = 'the-id-token-of-ada';
const plans = { free: { models: [MODEL], limits: [{ requests: 1, per: '24h' }] } } as const;

interface Backend extends Fixture {
  /** Posts as the app does, to the address and with the header in the Dart file. */
  send(url: string, credential: string, body?: unknown): Promise<Response>;
}

/** The backend that the example's README requires. */
async function backend(options: Partial<GuardOptions> = {}): Promise<Backend> {
  const auth = bearer({ [LOGIN]: { id: 'ada' } });
  const fixture = await startFixture({ plans, exchange: { auth }, ...options });
  const calls = toNodeHandler(fixture.guard, { prefix: '/v1' });
  const exchange = toNodeHandler(fixture.guard.exchange);
  const server = createServer((request, response) =>
    request.url === '/token' ? exchange(request, response) : calls(request, response),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const name = [...new Set(allOf(/\{'(\w+)': 'Bearer \$\w+'\}/g))].join();
  return {
    ...fixture,
    send: (url, credential, body) =>
      fetch(url.replace(HOST, origin), {
        method: 'POST',
        headers: { [name]: `Bearer ${credential}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await fixture[Symbol.asyncDispose]();
    },
  };
}

const tokenURL = oneOf(/http\.post\(Uri\.parse\('([^']+)'\)/g);
const chatURL = `${oneOf(/baseUrl: '([^']+)'/g)}/chat/completions`;
const chat = {
  model: oneOf(/model: '([^']+)'/g),
  messages: [{ role: 'user', content: 'Say hello.' }],
  stream: true,
};

async function keyOf(app: Backend, credential: string): Promise<string> {
  const answer = await app.send(tokenURL, credential);
  expect(answer.status).toBe(200);
  const json = (await answer.json()) as Record<string, unknown>;
  const types = allOf(/json\['\w+'\] as (\w+)/g);
  const read = allOf(/json\['(\w+)'\] as \w+/g);
  expect(read).toEqual(['value', 'expires_at', 'refreshable_until']);
  const dartTypes = read.map((name) => (Number.isInteger(json[name]) ? 'int' : 'String'));
  expect(types).toEqual(dartTypes);
  return watchToken(String(json['value']));
}

it('The Flutter app gets a user token for its login, renews it, and streams with it', async () => {
  await using app = await backend();
  const client = clients.find(({ name }) => name === 'openai_dart ≥ 1');
  const key = await keyOf(app, await keyOf(app, LOGIN));
  const answer = await app.send(chatURL, key, chat);
  expect(answer.status).toBe(200);
  const chunks = client?.readStream(await answer.text()) ?? [];
  expect(JSON.stringify(chunks)).toContain('"finish_reason":"stop"');
  expect(app.settled).toMatchObject([{ userId: 'ada' }]);
});

it('The Flutter app handles exactly the denial codes and fields that the guard sends', async () => {
  await using app = await backend();
  const key = await keyOf(app, LOGIN);
  await (await app.send(chatURL, key, chat)).text();
  const errorOf = async (credential: string): Promise<Record<string, unknown>> => {
    const answer = await app.send(chatURL, credential, chat);
    const { error } = (await answer.json()) as { error: Record<string, unknown> };
    return { status: answer.status, ...error };
  };
  const quota = await errorOf(key);
  for (const field of allOf(/error\?\['(\w+)'\]/g)) expect(Object.keys(quota)).toContain(field);
  expect(Number.isInteger(quota['resets_at'])).toBe(true);
  await app.guard.users.block('ada', { reason: 'abuse' });
  const got = [quota, await errorOf(key), await errorOf('not-a-key')].map((error) => error['code']);
  const cases = allOf(/^ {4}'(\w+)'(?: =>| \|\|)/gm);
  expect(got).toEqual(cases);
  expect(oneOf(/\|\| '(\w+)' =>/g)).toBe('expired_credential');
  expect(denialCodes.expired_credential.status).toBe(Number(oneOf(/status == (\d+)/g)));
});

it('The Flutter example has at most sixty lines and no OpenAI key', () => {
  expect(dart.split('\n').length - 1).toBeLessThanOrEqual(60);
  expect(dart).not.toMatch(/sk-|OPENAI_API_KEY/);
});
