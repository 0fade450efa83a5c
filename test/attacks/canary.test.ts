import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { canaries, takeLeaks, watchToken } from '../canary.ts';
import { chat, post, startFixture, tokenOf } from '../fixture.ts';

/** Sends the text from a server that is not an upstream. Returns the leaks the scanner found. */
async function answered(text: string, request: RequestInit = {}): Promise<string[]> {
  const server = createServer((_, response) => {
    response.write(text.slice(0, 5));
    response.end(text.slice(5));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await (await fetch(`http://127.0.0.1:${port}/`, request)).text();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  return takeLeaks();
}

const keyPart = canaries.apiKey.slice('sk-canary-'.length);
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('The leak scanner that watches every suite', () => {
  it.each([
    ['plain', canaries.apiKey],
    ['the first characters', keyPart.slice(0, 8)],
    ['the last characters', keyPart.slice(-8)],
    ['a piece of the middle', `…${keyPart.slice(11, 19)}…`],
    ['base64', base64(canaries.apiKey)],
    ['base64 in other text', base64(`x${canaries.apiKey}`)],
    ['base64url in other text', Buffer.from(`xy${canaries.apiKey}`).toString('base64url')],
    ['the secret, percent-encoded', encodeURIComponent(canaries.secret)],
    ['a piece of the secret', canaries.secret.slice(20, 28)],
  ])('The scanner finds a leak in a response: %s', async (_, text) => {
    expect(await answered(`{"message":"${text}"}`)).not.toEqual([]);
  });

  it('The scanner finds a user token in a response, except in the one that issues it', async () => {
    await using fixture = await startFixture();
    const token = await tokenOf(fixture.guard);
    expect(await answered(`{"id":1,"value":"${token}","expires_at":2}`)).toEqual([]);
    expect(await answered(`{"message":"token ${token} is not valid"}`)).not.toEqual([]);
    expect(await answered(`{"message":"token ${token.slice(0, 16)}… is not valid"}`)).not.toEqual(
      [],
    );
    expect(await answered(`{"message":"…${token.slice(-8)} is not valid"}`)).not.toEqual([]);
    expect(await answered(base64(`Bearer ${token}`))).not.toEqual([]);
  });

  it('The scanner finds the API key in a body, in another header and in another authorization scheme', async () => {
    for (const request of [
      { method: 'POST', body: JSON.stringify({ api_key: canaries.apiKey }) },
      { headers: { 'x-api-key': canaries.apiKey } },
      { headers: { authorization: `Basic ${base64(`:${canaries.apiKey}`)}` } },
    ]) {
      expect(await answered('ok', request)).not.toEqual([]);
    }
  });

  it('The scanner finds a user token that is sent to OpenAI', async () => {
    await using fixture = await startFixture();
    const token = watchToken(await tokenOf(fixture.guard));
    const body = chat({ messages: [{ role: 'user', content: token }] });
    await (await post(fixture.guard, await tokenOf(fixture.guard), body)).text();
    expect(takeLeaks()).not.toEqual([]);
  });

  it('The scanner finds leaks in console output and in Response objects', () => {
    console.debug('%s', { [keyPart]: 1 });
    expect(takeLeaks()).not.toEqual([]);
    console.debug(canaries.prompt);
    expect(takeLeaks()).not.toEqual([]);
    expect(new Response(canaries.apiKey).status).toBe(200);
    expect(takeLeaks()).not.toEqual([]);
    expect(new Response(null, { headers: { 'x-a': keyPart } }).status).toBe(200);
    expect(takeLeaks()).not.toEqual([]);
  });

  it('The scanner accepts the API key sent upstream, a client’s own user token and unrelated text', async () => {
    await using fixture = await startFixture();
    await (await post(fixture.guard, await tokenOf(fixture.guard), chat())).text();
    const authorization = `Bearer ${await tokenOf(fixture.guard)}`;
    expect(
      await answered(`{"text":"sk-canary- gct_ ${'x'.repeat(500)}","id":"x9gct_4fJ0aQ2mZ7"}`, {
        headers: { authorization },
      }),
    ).toEqual([]);
    expect(takeLeaks()).toEqual([]);
  });
});
