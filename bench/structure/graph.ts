/** An arrow of a graph, by the names of its ends. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** Each pair of ends once, without arrows from a node to itself. */
export function distinct(arrows: readonly Arrow[]): Arrow[] {
  const found = new Map(arrows.map(({ from, to }) => [`${from} → ${to}`, { from, to }]));
  return [...found.values()].filter(({ from, to }) => from !== to);
}

/** The same arrows between the groups that the nodes belong to. */
export function regroup(arrows: readonly Arrow[], groupOf: (node: string) => string): Arrow[] {
  return distinct(arrows.map(({ from, to }) => ({ from: groupOf(from), to: groupOf(to) })));
}

/** The nodes of each circle, sorted. */
export const circlesOf = (arrows: readonly Arrow[]): string[][] =>
  componentsOf(arrows).filter(({ length }) => length > 1);

/** Tarjan's strongly connected components: what a component points to comes before it. */
function componentsOf(arrows: readonly Arrow[]): string[][] {
  const targets = targetsOf(arrows);
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const components: string[][] = [];
  const visit = (node: string): number => {
    const own = index.size;
    index.set(node, own);
    lowest.set(node, own);
    open.push(node);
    for (const to of targets.get(node) ?? []) {
      const reached = index.has(to) ? (open.includes(to) ? index.get(to) : undefined) : visit(to);
      lowest.set(node, Math.min(lowest.get(node) ?? own, reached ?? own));
    }
    if (lowest.get(node) === own) components.push(open.splice(open.indexOf(node)).sort());
    return lowest.get(node) ?? own;
  };
  for (const node of targets.keys()) if (!index.has(node)) visit(node);
  return components;
}

function targetsOf(arrows: readonly Arrow[]): Map<string, string[]> {
  const byStart = Map.groupBy(arrows, ({ from }) => from);
  return new Map([...byStart].map(([from, own]) => [from, own.map(({ to }) => to)]));
}

/** How many arrows the longest way through the graph has; a circle counts as one node. */
export function depthOf(arrows: readonly Arrow[]): number {
  const targets = targetsOf(arrows);
  const depths = new Map<string, number>();
  for (const component of componentsOf(arrows)) {
    const outside = component
      .flatMap((node) => targets.get(node) ?? [])
      .filter((to) => !component.includes(to));
    const depth = Math.max(0, ...outside.map((to) => (depths.get(to) ?? 0) + 1));
    for (const node of component) depths.set(node, depth);
  }
  return Math.max(0, ...depths.values());
}

/** How many other nodes each node leads to, by any way. */
export function reachOf(arrows: readonly Arrow[], nodes: readonly string[]): number[] {
  const targets = targetsOf(arrows);
  return nodes.map((node) => {
    const seen = new Set([node]);
    for (const one of seen) for (const to of targets.get(one) ?? []) seen.add(to);
    return seen.size - 1;
  });
}

/** Pairs that point at each other, as `a ↔ b`. */
export function mutualPairs(arrows: readonly Arrow[]): string[] {
  const names = new Set(distinct(arrows).map(({ from, to }) => `${from} → ${to}`));
  return distinct(arrows)
    .filter(({ from, to }) => from < to && names.has(`${to} → ${from}`))
    .map(({ from, to }) => `${from} ↔ ${to}`)
    .sort();
}
