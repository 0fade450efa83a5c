import type { User } from '../core/user.ts';
import type { Limit } from './limit.ts';
import { parseLimit, parseLimits } from './parse-limits.ts';

/** Limits that users share: everybody, or all who are anonymous. */
export interface SharedLimits {
  /** Those that this user's calls count in; the same array for the same kind of user. */
  for(user: User): readonly Limit[];
}

const ANONYMOUS = 'anonymous-';

/** Reads the limits of everybody, and those that anonymous users share besides. */
export function sharedLimits(everybody: unknown, anonymous: unknown): SharedLimits {
  const ofAll = parseLimits(everybody, 'options.limits');
  const ofAnonymous = parseLimits(named(anonymous), 'options.anonymousLimits');
  const both = [...ofAnonymous, ...ofAll];
  return { for: (user) => (user.anonymous ? both : ofAll) };
}

/** A name of their own is a counter of their own, beside everybody's of the same kind. */
function named(specs: unknown): unknown {
  if (!Array.isArray(specs)) return specs;
  return specs.map((spec: object, index) => {
    const { name } = parseLimit(spec, `options.anonymousLimits[${index}]`);
    return { ...spec, name: ANONYMOUS + name };
  });
}
