import type { LimitSpec } from '../plans/limit.ts';
import { parseLimits } from '../plans/parse-limits.ts';

/** Limits that a store can keep as they are. `TypeError` for what is wrong, or is a function. */
export function storableLimits(limits: readonly unknown[], path: string): readonly LimitSpec[] {
  parseLimits(limits, path);
  const specs = limits as readonly LimitSpec[];
  specs.forEach(({ anchor }, index) => {
    if (typeof anchor !== 'function') return;
    throw new TypeError(`"${path}[${index}].anchor" must be a text here: it is kept in the store`);
  });
  return specs;
}
