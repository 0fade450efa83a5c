import type { HeaderList } from '../core/response.ts';

/** Adds what the host's own answer varies by to the guard's `vary`: a cache must know both. */
export function joinVary(
  ofHost: number | string | readonly string[] | undefined,
  headers: HeaderList,
): void {
  if (ofHost === undefined) return;
  const { vary = '' } = headers;
  headers['vary'] = [ofHost, vary].flat().filter(Boolean).join(', ');
}

/**
 * Removes from the host's headers those that the guard's response sets, because Hono lets the host's win.
 * `vary` is joined.
 */
export function yieldTo(response: Response, ofHost: Headers): void {
  const vary = ofHost.get('vary');
  if (vary !== null) response.headers.append('vary', vary);
  for (const name of response.headers.keys()) ofHost.delete(name);
}
