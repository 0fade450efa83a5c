/**
 * Splits a raw request target below its mount point, decoding and normalising nothing. A target
 * outside the prefix, or one that is no plain path, gets a path that no endpoint has.
 */
export function splitTarget(target: string, prefix: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  const full = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  if (prefix !== '' && !full.startsWith(`${prefix}/`)) return { path: '', query };
  return { path: full.slice(prefix.length), query };
}
