/** Returns the same items in any order. */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): T[] {
  const keyed = items.map((item) => [random(), item] as const);
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item);
}
