import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrices } from '../../../src/index.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const PEM = String(publicKey.export({ type: 'spki', format: 'pem' }));
const prices = { 'gpt-5-mini': { tokens: { input: 1, output: 2 } }, mine: { like: 'gpt-5-mini' } };
const TEXT = JSON.stringify(prices);
const signed = (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64');
const URL_OF_PRICES = 'https://prices.test/v1.json?team=a';

/** A host of signed prices. */
function host(text: string, signature = signed(text)) {
  const asked: string[] = [];
  const fetch = (async (input: string | URL) => {
    const url = String(input);
    asked.push(url);
    return new Response(url.includes('.json.sig') ? signature : text);
  }) as typeof globalThis.fetch;
  return { fetch, asked };
}

describe('Prices at a URL', () => {
  it('They are read when their signature fits', async () => {
    const { fetch, asked } = host(TEXT);
    for (const key of [PEM, publicKey]) {
      expect(await readPrices(URL_OF_PRICES, { publicKey: key, fetch })).toEqual(prices);
    }
    expect(asked.slice(0, 2)).toEqual([URL_OF_PRICES, 'https://prices.test/v1.json.sig?team=a']);
  });

  it('A changed byte, another signature, and a signature of another key are refused', async () => {
    const other = generateKeyPairSync('ed25519');
    const changed = TEXT.replace('2', '1');
    const forged = sign(null, Buffer.from(TEXT), other.privateKey).toString('base64');
    for (const { fetch } of [host(changed, signed(TEXT)), host(TEXT, ''), host(TEXT, forged)]) {
      await expect(readPrices(URL_OF_PRICES, { publicKey, fetch })).rejects.toThrow(
        'signature of the prices does not fit',
      );
    }
  });

  it.each([
    ['without a public key', URL_OF_PRICES, undefined, '"options.publicKey"'],
    ['over plain HTTP', 'http://prices.test/v1.json', PEM, '"pathOrUrl"'],
    ['with a key that is none', URL_OF_PRICES, 'no key', '"options.publicKey"'],
    [
      'with a key of another kind',
      URL_OF_PRICES,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
      '"options.publicKey"',
    ],
  ])('A URL %s is a TypeError, and is not fetched', async (_, url, key, message) => {
    const { fetch, asked } = host(TEXT);
    const reading = readPrices(url, { fetch, ...(key !== undefined && { publicKey: key }) });
    await expect(reading).rejects.toThrow(TypeError);
    await expect(reading).rejects.toThrow(message);
    expect(asked).toEqual([]);
  });

  it('More than one megabyte is refused', async () => {
    const long = JSON.stringify({ ...prices, [' '.repeat(1_000_000)]: prices['gpt-5-mini'] });
    const { fetch } = host(long);
    await expect(readPrices(URL_OF_PRICES, { publicKey, fetch })).rejects.toThrow('1000000 bytes');
  });

  it('An error of the host is refused', async () => {
    const fetch = (async () => new Response('no', { status: 404 })) as typeof globalThis.fetch;
    const reading = readPrices(URL_OF_PRICES, { publicKey, fetch });
    await expect(reading).rejects.toThrow('prices.test answered 404');
  });

  it('Redirects are not followed, and a deadline ends the request', async () => {
    const seen: RequestInit[] = [];
    const fetch = (async (_: unknown, init: RequestInit) => {
      seen.push(init);
      throw new Error('stop');
    }) as typeof globalThis.fetch;
    await expect(readPrices(URL_OF_PRICES, { publicKey, fetch })).rejects.toThrow('stop');
    expect(seen[0]?.redirect).toBe('error');
    expect(seen[0]?.signal).toBeInstanceOf(AbortSignal);
  });
});

describe('Prices in a file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prices-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const file = async (text: string) => {
    const path = join(folder, 'prices.json');
    await writeFile(path, text);
    return path;
  };

  it('They are read without a signature', async () => {
    expect(await readPrices(await file(TEXT))).toEqual(prices);
  });

  it('With a public key they need one', async () => {
    const path = await file(TEXT);
    await expect(readPrices(path, { publicKey })).rejects.toThrow('prices.json.sig');
    await writeFile(`${path}.sig`, signed(TEXT));
    expect(await readPrices(path, { publicKey })).toEqual(prices);
    await file(`${TEXT} `);
    await expect(readPrices(path, { publicKey })).rejects.toThrow('does not fit');
  });

  it('A bad row, a text that is no JSON, and a missing file are refused', async () => {
    const bad = { m: { tokens: { input: 0.000_001, output: 1 } } };
    await expect(readPrices(await file(JSON.stringify(bad)))).rejects.toThrow(
      '"prices.m.tokens.input"',
    );
    await expect(readPrices(await file('{'))).rejects.toThrow(SyntaxError);
    await expect(readPrices(join(folder, 'none.json'))).rejects.toThrow('none.json');
  });

  it('An unknown option throws a TypeError', async () => {
    const options = { key: PEM } as object;
    await expect(readPrices('prices.json', options)).rejects.toThrow('unknown field "key"');
  });
});
