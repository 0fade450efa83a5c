import { undated } from '../openai/prices/model-names.ts';

/** The models that a plan or a token allows, or that a limit counts. */
export interface ModelList {
  readonly names: readonly string[];
  /** Names more than `names`. */
  readonly hasPatterns: boolean;
  allows(model: string): boolean;
}

/** Exact names, or a prefix with one `*` at its end (`gpt-5*`). Case and spelling count. */
export function modelList(patterns: readonly string[]): ModelList {
  const names = patterns.filter((pattern) => !pattern.endsWith('*'));
  const exact = new Set(names);
  const prefixes = patterns.filter((p) => p.endsWith('*')).map((p) => p.slice(0, -1));
  return {
    names,
    hasPatterns: prefixes.length > 0,
    allows: (model) => exact.has(model) || prefixes.some((prefix) => model.startsWith(prefix)),
  };
}

/**
 * The same, and an exact name also names its dated snapshots: `gpt-5` allows `gpt-5-2025-08-07`. For what limits
 * count and what is stopped. What a plan allows is named exactly.
 */
export function modelsAndSnapshots(patterns: readonly string[]): ModelList {
  const list = modelList(patterns);
  return { ...list, allows: (model) => list.allows(model) || list.allows(undated(model)) };
}
