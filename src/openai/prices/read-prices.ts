import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { ByteBuffer } from '../../base/byte-buffer.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { ModelPrices } from './model-price.ts';
import { ownPrices } from './prices.ts';

const readPricesShape = {
  /** The Ed25519 public key that the prices are signed with, as PEM or as a `KeyObject`. Required for a URL. */
  publicKey: z.custom<string | undefined | KeyObject>().optional(),
  /** Fetches the URL in place of the global `fetch`: for a proxy, or a test. */
  fetch: callback<typeof globalThis.fetch>().optional(),
};

/** Options of `readPrices`. */
export interface ReadPricesOptions
  extends RequiredOptions<typeof readPricesShape>,
    OptionalOptions<typeof readPricesShape> {}

const schema: z.ZodType<ParsedOptions<typeof readPricesShape>, ReadPricesOptions> = optionsSchema(
  readPricesShape,
);

const BYTES_MAX = 1_000_000;
const DEADLINE_MS = 10_000;

/**
 * Reads prices from a JSON file, or from an `https:` URL whose content is signed: the base64 of its Ed25519
 * signature is at the same address with `.sig` behind it. With `publicKey` a file needs `.sig` too. At
 * most 1 MB, and 10 seconds. Rejects when they cannot be read, when a byte differs from what was signed, or
 * when a price is not plausible.
 *
 * @example
 * ```ts
 * guard.setPrices(await readPrices('./prices.json'));
 * ```
 */
export async function readPrices(
  pathOrUrl: string,
  options: ReadPricesOptions = {},
): Promise<ModelPrices> {
  const { publicKey, fetch = globalThis.fetch } = parseOrThrow(schema, options, 'options');
  const key = publicKey === undefined ? undefined : ed25519Key(publicKey);
  const url = urlOf(pathOrUrl);
  if (url !== undefined && key === undefined) {
    throw new TypeError('"options.publicKey": is required for a URL');
  }
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const load = (suffix: string) =>
    url === undefined
      ? readBounded(pathOrUrl + suffix, signal)
      : fetchBounded(withSuffix(url, suffix), fetch, signal);
  const [bytes, signature] = await Promise.all([load(''), key && load('.sig')]);
  if (key && !verify(null, bytes, key, Buffer.from(String(signature), 'base64'))) {
    throw new Error('The signature of the prices does not fit them');
  }
  const prices: unknown = JSON.parse(bytes.toString('utf8'));
  ownPrices(prices as ModelPrices);
  return prices as ModelPrices;
}

function ed25519Key(publicKey: string | KeyObject): KeyObject {
  try {
    const key = typeof publicKey === 'string' ? createPublicKey(publicKey) : publicKey;
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Not a key at all.
  }
  throw new TypeError('"options.publicKey": must be an Ed25519 public key');
}

/** `undefined` for a path. */
function urlOf(pathOrUrl: string): URL | undefined {
  if (!/^[a-z][a-z\d+.-]+:\/\//i.test(pathOrUrl)) return undefined;
  const url = new URL(pathOrUrl);
  if (url.protocol !== 'https:')
    throw new TypeError('"pathOrUrl": must be a path or an "https:" URL');
  return url;
}

function withSuffix(url: URL, suffix: string): URL {
  const signed = new URL(url);
  signed.pathname += suffix;
  return signed;
}

async function readBounded(path: string, signal: AbortSignal): Promise<Buffer> {
  const bytes = await readFile(path, { signal });
  if (bytes.length > BYTES_MAX) throw tooLong();
  return bytes;
}

async function fetchBounded(
  url: URL,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
): Promise<Buffer> {
  const response = await fetch(url, { signal, redirect: 'error' });
  if (!response.ok || response.body === null) {
    throw new Error(`The prices could not be read: ${url.host} answered ${response.status}`);
  }
  const bytes = new ByteBuffer();
  for await (const chunk of response.body) {
    bytes.add(chunk);
    if (bytes.size > BYTES_MAX) throw tooLong();
  }
  return Buffer.from(bytes.join());
}

const tooLong = () => new Error(`The prices have more than ${BYTES_MAX} bytes`);
