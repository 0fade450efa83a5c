import type { User } from '../core/user.ts';
import type { Limit } from './limit.ts';
import { parseLimit, parseLimits } from './parse-limits.ts';
import type { AnchorLookups } from './user-anchors.ts';

/** Limits that users share: global ones, and those of all anonymous users. */
export interface SharedLimits {
  /** Returns the shared limits of this user's calls: the same array for the same kind of user. */
  for(user: User): readonly Limit[];
}

const ANONYMOUS = 'anonymous-';

/** Reads the global limits, and the extra ones that anonymous users share. */
export function sharedLimits(
  global: unknown,
  anonymous: unknown,
  lookups?: AnchorLookups,
): SharedLimits {
  const ofAll = parseLimits(global, 'options.limits', lookups);
  const ofAnonymous = parseLimits(named(anonymous), 'options.anonymousLimits', lookups);
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
