import { ByteBuffer } from '../../base/byte-buffer.ts';

interface FetchedJson {
  readonly value: unknown;
  /** From the `cache-control` of the server; `undefined` without one. */
  readonly maxAgeMs: number | undefined;
}

const BYTES_MAX = 256 * 1024;

/**
 * Fetches JSON of at most 256 KiB, decompressed, from exactly this URL. Rejects on a redirect, on any
 * response but 200 with JSON, and when `signal` aborts.
 */
export async function fetchJson(url: URL, signal: AbortSignal): Promise<FetchedJson> {
  const headers = { accept: 'application/json', 'user-agent': 'guarded-completion' };
  const response = await fetch(url, { headers, signal, redirect: 'error' });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url.origin} answered with status ${response.status}`);
  }
  const value: unknown = JSON.parse(await textOf(response));
  return { value, maxAgeMs: maxAgeMs(response.headers.get('cache-control')) };
}

async function textOf(response: Response): Promise<string> {
  const bytes = new ByteBuffer();
  for await (const chunk of response.body ?? []) {
    bytes.add(chunk);
    if (bytes.size > BYTES_MAX) throw new Error(`The answer has more than ${BYTES_MAX} bytes`);
  }
  return Buffer.from(bytes.join()).toString('utf8');
}

function maxAgeMs(cacheControl: string | null): number | undefined {
  if (cacheControl === null) return undefined;
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0;
  const seconds = /\bmax-age="?(\d{1,12})/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
