import type { Identity, Plan } from '../plans/plan.ts';
import type { Upstreams } from '../upstream/upstreams.ts';

/** What the plan and the credential of a user allow, as far as an upstream serves it. */
export interface CallableModels {
  /** Written exactly in the plan or the credential. */
  readonly names: readonly string[];
  /** Patterns allow more than `names`. */
  readonly hasPatterns: boolean;
  readonly allows: (model: string) => boolean;
}

export function callableModels(
  { models }: Plan,
  { scope }: Identity,
  upstreams: Pick<Upstreams, 'serves'>,
): CallableModels {
  const allows = (name: string) =>
    models.allows(name) && scope?.models?.allows(name) !== false && upstreams.serves(name);
  const names = new Set([...(scope?.models?.names ?? []), ...models.names].filter(allows));
  const hasPatterns = models.hasPatterns && scope?.models?.hasPatterns !== false;
  return { names: [...names], hasPatterns, allows };
}
