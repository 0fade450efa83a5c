import { withoutSnapshot } from '../openai/prices/model-names.ts';

/** The models that a plan or a token allows, or that a limit counts. */
export interface ModelList {
  /** As they were written. */
  readonly patterns: readonly string[];
  readonly names: readonly string[];
  /** Names more than `names`. */
  readonly hasPatterns: boolean;
  allows(model: string): boolean;
}

const isPrefix = (pattern: string): boolean => pattern.endsWith('*');
const prefixOf = (pattern: string): string => pattern.slice(0, -1);

/** Exact names, or a prefix with one `*` at its end (`gpt-5*`). Case and spelling count. */
export function modelList(patterns: readonly string[]): ModelList {
  const names = patterns.filter((pattern) => !isPrefix(pattern));
  const exact = new Set(names);
  const prefixes = patterns.filter(isPrefix).map(prefixOf);
  return {
    patterns,
    names,
    hasPatterns: prefixes.length > 0,
    allows: (model) => exact.has(model) || prefixes.some((prefix) => model.startsWith(prefix)),
  };
}

/**
 * The same, and an exact name includes its dated snapshots: `gpt-5` includes `gpt-5-2025-08-07`, and not
 * `gpt-5-mini`. Otherwise a user could pass a limit or a stop by the name of a snapshot.
 */
export function modelsAndSnapshots(patterns: readonly string[]): ModelList {
  const list = modelList(patterns);
  const { allows } = list;
  return { ...list, allows: (model) => allows(model) || allows(withoutSnapshot(model)) };
}

/** Whether a plan that allows one of these models may allow one that `counted` names, snapshots included. */
export function mayAllow({ patterns }: ModelList, counted: string): boolean {
  return patterns.some((allowed) =>
    isPrefix(counted) ? meets(allowed, prefixOf(counted)) : includes(allowed, counted),
  );
}

function meets(allowed: string, prefix: string): boolean {
  if (!isPrefix(allowed)) return allowed.startsWith(prefix);
  return allowed.startsWith(prefix) || prefix.startsWith(prefixOf(allowed));
}

/** The beginning of the date of a snapshot. */
const DATE_BEGINNING = /^-[\d-]*$/;

function includes(allowed: string, name: string): boolean {
  if (!isPrefix(allowed)) return allowed === name || withoutSnapshot(allowed) === name;
  const prefix = prefixOf(allowed);
  const isOfSnapshot = prefix.startsWith(name) && DATE_BEGINNING.test(prefix.slice(name.length));
  return name.startsWith(prefix) || isOfSnapshot;
}
