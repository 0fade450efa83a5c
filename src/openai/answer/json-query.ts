/**
 * What is read of a JSON text. `scalar`: a short value that is no object or list. `json`: any value, parsed.
 * An object names members, and a list of one says what is read of each element.
 */
export type Query = 'scalar' | 'json' | ObjectQuery | readonly [Query];

export interface ObjectQuery {
  readonly [key: string]: Query;
}

export type JsonMembers = Record<string, unknown>;

export const isListQuery = (query: ObjectQuery | readonly [Query]): query is readonly [Query] =>
  Array.isArray(query);

/** Joins two values of one name: the larger of two numbers, the members of two objects. */
export function larger(earlier: unknown, later: unknown): unknown {
  if (earlier !== undefined && later === null) return earlier;
  if (typeof earlier === 'number' && typeof later === 'number') return Math.max(earlier, later);
  if (!isPlain(earlier) || !isPlain(later)) return later;
  const joined = { ...earlier };
  for (const [key, value] of Object.entries(later)) joined[key] = larger(joined[key], value);
  return joined;
}

const isPlain = (value: unknown): value is JsonMembers =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
