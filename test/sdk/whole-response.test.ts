import { describe, expect, it } from 'vitest';
import { WholeResponse } from '../../src/sdk/whole-response.ts';

const TEXT = '{"text":"größer"}';
const init = { status: 418, headers: { 'content-type': 'application/json', 'x-a': 'b' } };
const bodies = { text: TEXT, bytes: new TextEncoder().encode(TEXT) };

const readings: Record<string, (response: Response) => Promise<unknown>> = {
  text: (response) => response.text(),
  json: (response) => response.json(),
  arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString(),
  bytes: async (response) => Buffer.from(await response.bytes()).toString(),
  blob: async (response) => (await response.blob()).text(),
  'blob type': async (response) => (await response.blob()).type,
  body: async (response) => new Response(response.body).text(),
  clone: async (response) => [await response.clone().text(), await response.text()],
  'a clone of a clone': (response) => response.clone().clone().text(),
  'text, then used': async (response) => [await response.text(), response.bodyUsed],
  'body taken, then used': async (response) => {
    await response.body?.getReader().read();
    return response.bodyUsed;
  },
  'not read': async (response) => response.bodyUsed,
  head: async ({ status, ok, headers, type, url, redirected }) => {
    return [status, ok, [...headers], type, url, redirected];
  },
};

const twice: Record<string, (response: Response) => Promise<unknown>> = {
  'text and text': async (response) => [await response.text(), await response.text()],
  'json and bytes': async (response) => [await response.json(), await response.bytes()],
  'bytes and text': async (response) => [await response.bytes(), await response.text()],
  'text and clone': async (response) => [await response.text(), response.clone()],
};

describe.each(Object.entries(bodies))('A response with its body in memory as %s', (_, body) => {
  it.each(Object.entries(readings))('WholeResponse reads as Response: %s', async (_name, read) => {
    const own = new WholeResponse(body, init);
    expect(own).toBeInstanceOf(Response);
    expect(await read(own)).toEqual(await read(new Response(bodies.bytes, init)));
  });

  it.each(Object.entries(twice))('WholeResponse cannot be read twice: %s', async (_name, read) => {
    await expect(read(new Response(body, init))).rejects.toBeInstanceOf(TypeError);
    await expect(read(new WholeResponse(body, init))).rejects.toBeInstanceOf(TypeError);
  });
});
