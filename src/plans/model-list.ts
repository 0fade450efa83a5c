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
