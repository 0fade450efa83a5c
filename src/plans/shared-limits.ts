import type { User } from '../core/user.ts';
import { refuseUnknownModels } from './call-filter.ts';
import type { Limit } from './limit.ts';
import type { ModelList } from './model-list.ts';
import { parseLimit, parseLimits, withoutCredits } from './parse-limits.ts';
import type { AnchorLookups } from './user-anchors.ts';

/** Limits that users share: global ones, and those of all anonymous users. */
export interface SharedLimits {
  /** Returns the shared limits of this user's calls: the same array for the same kind of user. */
  for(user: User): readonly Limit[];
}

interface Surroundings {
  readonly lookups?: AnchorLookups;
  /** What each plan allows. */
  readonly models: readonly ModelList[];
}

const ANONYMOUS = 'anonymous-';

/** Reads the global limits, and the extra ones that anonymous users share. */
export function sharedLimits(
  global: unknown,
  anonymous: unknown,
  { lookups, models }: Surroundings,
): SharedLimits {
  const parse = (specs: unknown, path: string) => {
    const limits = withoutCredits(parseLimits(specs, path, lookups), path);
    refuseUnknownModels(limits, models, path);
    return limits;
  };
  const ofAll = parse(global, 'options.limits');
  const ofAnonymous = parse(named(anonymous), 'options.anonymousLimits');
  const both = [...ofAnonymous, ...ofAll];
  return { for: (user) => (user.anonymous ? both : ofAll) };
}

/** With a name of their own they have a counter of their own, beside a global limit of the same
 * kind. */
function named(specs: unknown): unknown {
  if (!Array.isArray(specs)) return specs;
  return specs.map((spec: object, index) => {
    const { name } = parseLimit(spec, `options.anonymousLimits[${index}]`);
    return { ...spec, name: ANONYMOUS + name };
  });
}
