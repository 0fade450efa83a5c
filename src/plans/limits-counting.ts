import { withCredits } from './credit-limit.ts';
import type { CallFilter, Limit } from './limit.ts';
import { areSameLevels, type GroupLimits, type LimitLevels } from './limit-levels.ts';

/** What the filters of limits see of a call. */
export interface CountedCall {
  /** The name of the endpoint. */
  readonly endpoint: string;
  /** The model that the request names. */
  readonly asked: string;
  /** Where it may go. A fallback is not known before it is held, so the models of all of them count. */
  readonly targets: readonly { readonly model: string }[];
}

/** Returns the limits that count a call: the same arrays for the same limits. */
export function levelsCounting(levels: LimitLevels, call: CountedCall): LimitLevels {
  const token = limitsCounting(levels.token, call);
  const plan = limitsCounting(levels.plan, call);
  const groups = groupsCounting(levels.groups, call);
  const shared = limitsCounting(levels.shared, call);
  const counting = { token, plan, groups, shared };
  return areSameLevels(levels, counting) ? levels : counting;
}

/** Parts of one list of limits, by which of its filters count a call. */
interface Parts {
  readonly filtered: readonly Limit[];
  readonly known: Map<string, readonly Limit[]>;
}

/** `null`: every limit counts every call. */
const partsOf = new WeakMap<readonly Limit[], Parts | null>();

function limitsCounting(limits: readonly Limit[], call: CountedCall): readonly Limit[] {
  let parts = partsOf.get(limits);
  if (parts === undefined) {
    parts = newParts(limits);
    partsOf.set(limits, parts);
  }
  return parts === null ? limits : partCounting(limits, parts, call);
}

function newParts(limits: readonly Limit[]): Parts | null {
  const filtered = limits.filter(({ filter }) => filter !== undefined);
  return filtered.length === 0 ? null : { filtered, known: new Map() };
}

function partCounting(
  limits: readonly Limit[],
  { filtered, known }: Parts,
  call: CountedCall,
): readonly Limit[] {
  let mask = '';
  for (const { filter } of filtered) mask += counts(filter, call) ? '+' : '-';
  let part = known.get(mask);
  if (part === undefined) {
    part = withCredits(limits.filter(({ filter }) => counts(filter, call)));
    known.set(mask, part);
  }
  return part;
}

function counts(
  filter: CallFilter | undefined,
  { endpoint, asked, targets }: CountedCall,
): boolean {
  if (filter === undefined) return true;
  const { models, endpoints } = filter;
  if (endpoints?.has(endpoint) === false) return false;
  return (
    models === undefined ||
    models.allows(asked) ||
    targets.some(({ model }) => models.allows(model))
  );
}

const knownGroups = new WeakMap<readonly GroupLimits[], (readonly GroupLimits[])[]>();

function groupsCounting(groups: readonly GroupLimits[], call: CountedCall): readonly GroupLimits[] {
  const isWhole = groups.every(({ limits }) => limitsCounting(limits, call) === limits);
  if (isWhole) return groups;
  const parts = groups.map(({ limits }) => limitsCounting(limits, call));
  const before = knownGroups.get(groups) ?? [];
  knownGroups.set(groups, before);
  const found = before.find((part) => part.every(({ limits }, place) => limits === parts[place]));
  if (found !== undefined) return found;
  const part = groups.map((group, place) => ({ ...group, limits: parts[place] ?? group.limits }));
  before.push(part);
  return part;
}
