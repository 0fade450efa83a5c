/** OpenAI renamed `priority` to `fast` on 2026-07-30, and takes both (`openai` package 7.57). */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['default', 'standard'],
  ['priority', 'fast'],
]);

/** Returns the one name of a tier that has two. */
export const canonicalTier = (name: string): string => OTHER_NAMES.get(name) ?? name;

/** No tier, or the empty name of one, is the standard tier. */
export const isStandardTier = (name: string | undefined): boolean =>
  name === undefined || name === '' || canonicalTier(name) === 'standard';
