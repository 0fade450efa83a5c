import type { Allowances, RequestPolicy } from '../openai/request/allowances.ts';
import { withCredits } from './credit-limit.ts';
import type { Limit } from './limit.ts';
import type { Plan } from './plan.ts';

/**
 * Returns what a user of several plans may do: the models, endpoints and allowances of all plans,
 * and the most generous of each limit. A limit that only one plan has stays, so that a combination
 * never has fewer limits than its parts.
 */
export function mergePlans(plans: readonly [Plan, ...Plan[]]): Plan {
  const [first, ...others] = plans;
  return others.reduce(mergeTwo, first);
}

function mergeTwo(a: Plan, b: Plan): Plan {
  return {
    name: `${a.name}+${b.name}`,
    names: [...a.names, ...b.names],
    weight: Math.max(a.weight, b.weight),
    models: {
      patterns: [...new Set([...a.models.patterns, ...b.models.patterns])],
      names: [...new Set([...a.models.names, ...b.models.names])],
      hasPatterns: a.models.hasPatterns || b.models.hasPatterns,
      allows: (model) => a.models.allows(model) || b.models.allows(model),
    },
    endpoints: new Set([...a.endpoints, ...b.endpoints]),
    limits: mergeLimits(a.limits, b.limits),
    policy: mergePolicies(a.policy, b.policy),
  };
}

function mergeLimits(a: readonly Limit[], b: readonly Limit[]): readonly Limit[] {
  const best = new Map(a.map((limit) => [limit.key, limit]));
  for (const limit of b) {
    const other = best.get(limit.key);
    if (other === undefined || isMoreGenerous(limit, other)) best.set(limit.key, limit);
  }
  return distinctlyNamed(withCredits([...best.values()]));
}

/** A shadow limit refuses nothing. */
function isMoreGenerous(limit: Limit, other: Limit): boolean {
  if (limit.enforced !== other.enforced) return other.enforced;
  if (limit.amount !== other.amount) return limit.amount > other.amount;
  if (limit.spills !== other.spills) return limit.spills === true;
  return (limit.burst ?? 0) > (other.burst ?? 0);
}

/** Returns the plan with the limits of one user. */
export function overrideLimits(plan: Plan, limits: readonly Limit[]): Plan {
  return { ...plan, limits: overriddenLimits(plan.limits, limits) };
}

/** Returns limits with those of one user or group instead of the ones with the same key. Others are added. */
export function overriddenLimits(
  limits: readonly Limit[],
  own: readonly Limit[],
): readonly Limit[] {
  const keys = new Set(own.map(({ key }) => key));
  const kept = limits.filter(({ key }) => !keys.has(key));
  return distinctlyNamed(withCredits([...kept, ...own]));
}

/** Two limits with one name could not be told apart in headers. */
function distinctlyNamed(limits: readonly Limit[]): readonly Limit[] {
  const names = new Set<string>();
  return limits.map((limit) => {
    const name = names.has(limit.name) ? `${limit.name}-${names.size}` : limit.name;
    names.add(name);
    return name === limit.name ? limit : { ...limit, name };
  });
}

function mergePolicies(a: RequestPolicy, b: RequestPolicy): RequestPolicy {
  return {
    maxOutputTokens: Math.max(a.maxOutputTokens, b.maxOutputTokens),
    maxChoices: Math.max(a.maxChoices, b.maxChoices),
    allow: mergeAllowances(a.allow, b.allow),
  };
}

/** If both plans allow the same thing with different bounds, the bounds of the earlier plan count. */
function mergeAllowances(a: Allowances, b: Allowances): Allowances {
  return {
    images: a.images ?? b.images,
    files: a.files ?? b.files,
    audio: a.audio ?? b.audio,
    audioOutput: a.audioOutput || b.audioOutput,
    realtime: a.realtime ?? b.realtime,
    hostedTools: { ...b.hostedTools, ...a.hostedTools },
    vectorStores: [...new Set([...a.vectorStores, ...b.vectorStores])],
    mcpServers: [...new Set([...a.mcpServers, ...b.mcpServers])],
    serviceTiers: [...new Set([...a.serviceTiers, ...b.serviceTiers])],
    vendorFields: [...new Set([...a.vendorFields, ...b.vendorFields])],
    prompts: { ...b.prompts, ...a.prompts },
    stateful: a.stateful ?? b.stateful,
  };
}
