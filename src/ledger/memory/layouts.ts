import type { Rule } from '../ledger.ts';
import { COUNTERS_FROM, type Counter } from './counter.ts';
import { counterFor } from './counter-for.ts';

/** Where in a row one rule counts. The same key of another kind or window is another slot. */
export interface Slot {
  readonly key: string;
  readonly kind: Rule['kind'];
  readonly windowMs: number;
  readonly index: number;
  readonly at: number;
  /** For the rule as it was last asked for: mostly the very same object again. */
  counter: Counter;
}

/** Which rules a row counts, and where; shared by all rows that count the same. */
export interface Layout {
  readonly id: number;
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly width: number;
  /** Rows that have it. */
  rows: number;
  /** The slot after the one that was last asked for: callers ask in the same order each time. */
  nextSlot: number;
}

/** Bounds a row, and keeps the places of counters small numbers. */
const SLOTS_MAX = 128;

/** Where `rule` counts, with the counter for this very rule; `undefined` when it does not. */
export function slotFor(layout: Layout, rule: Rule): Slot | undefined {
  const guess = layout.slots[layout.nextSlot] ?? layout.slots[0];
  const isGuess = guess !== undefined && (guess.counter.rule === rule || isFor(guess, rule));
  const slot = isGuess ? guess : layout.slots.find((candidate) => isFor(candidate, rule));
  if (slot === undefined) return undefined;
  layout.nextSlot = slot.index + 1;
  if (slot.counter.rule !== rule) slot.counter = counterFor(rule);
  return slot;
}

function isFor(slot: Slot, rule: Rule): boolean {
  return slot.key === rule.key && slot.kind === rule.kind && slot.windowMs === windowMsOf(rule);
}

const windowMsOf = (rule: Rule): number => (rule.kind === 'rolling' ? rule.windowMs : 0);

/** All layouts in use; one lives as long as a row has it, so there are never more than rows. */
export class Layouts {
  readonly #byId: (Layout | undefined)[] = [];
  readonly #freeIds: number[] = [];
  readonly #byName = new Map<string, Layout>();
  #latest: Layout | undefined;

  get(id: number): Layout {
    const layout = this.#byId[id];
    if (layout === undefined) throw new TypeError(`there is no layout ${id}`);
    return layout;
  }

  /** The layout of a row that counts all of `before` in their old places, and `rules` besides. */
  acquire(before: readonly Slot[], rules: readonly Rule[]): Layout {
    const latest = this.#latest;
    const known = before.length === 0 && latest !== undefined && isExactly(latest, rules);
    const layout = known ? latest : this.#intern(withRules(before, rules));
    layout.rows += 1;
    this.#latest = layout;
    return layout;
  }

  release(layout: Layout): void {
    layout.rows -= 1;
    if (layout.rows > 0) return;
    this.#byId[layout.id] = undefined;
    this.#byName.delete(layout.name);
    this.#freeIds.push(layout.id);
    if (this.#latest === layout) this.#latest = undefined;
  }

  #intern(slots: readonly Slot[]): Layout {
    const name = JSON.stringify(slots.map(({ key, kind, windowMs }) => [key, kind, windowMs]));
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const id = this.#freeIds.pop() ?? this.#byId.length;
    const layout = { id, name, slots, width: endOf(slots), rows: 0, nextSlot: 0 };
    this.#byId[id] = layout;
    this.#byName.set(name, layout);
    return layout;
  }
}

function isExactly({ slots }: Layout, rules: readonly Rule[]): boolean {
  if (slots.length !== rules.length) return false;
  return slots.every((slot, index) => {
    const rule = rules[index];
    return rule !== undefined && isFor(slot, rule);
  });
}

function withRules(before: readonly Slot[], rules: readonly Rule[]): readonly Slot[] {
  const slots = before.map((slot) => ({ ...slot }));
  for (const rule of rules) {
    if (slots.some((slot) => isFor(slot, rule))) continue;
    const { key, kind } = rule;
    const place = { index: slots.length, at: endOf(slots) };
    slots.push({ key, kind, windowMs: windowMsOf(rule), ...place, counter: counterFor(rule) });
  }
  if (slots.length <= SLOTS_MAX) return slots;
  throw new TypeError(`"claims" name more than ${SLOTS_MAX} different rules for one subject`);
}

function endOf(slots: readonly Slot[]): number {
  const last = slots.at(-1);
  return last === undefined ? COUNTERS_FROM : last.at + last.counter.width;
}
