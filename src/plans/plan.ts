import type { RequestPolicy } from '../openai/request/request-policy.ts';
import type { Limit } from './limit.ts';

/** What its users may do, parsed once. */
export interface Plan {
  readonly name: string;
  readonly models: ModelList;
  readonly endpoints: ReadonlySet<string>;
  readonly limits: readonly Limit[];
  readonly policy: RequestPolicy;
}

export interface ModelList {
  /** Exact names, as `GET /models` lists them. Patterns are not listed. */
  readonly names: readonly string[];
  allows(model: string): boolean;
}

/** Exact names, or a prefix with one `*` at its end (`gpt-5*`). Case and spelling count. */
export function modelList(patterns: readonly string[]): ModelList {
  const names = patterns.filter((pattern) => !pattern.endsWith('*'));
  const exact = new Set(names);
  const prefixes = patterns.filter((p) => p.endsWith('*')).map((p) => p.slice(0, -1));
  return {
    names,
    allows: (model) => exact.has(model) || prefixes.some((prefix) => model.startsWith(prefix)),
  };
}
