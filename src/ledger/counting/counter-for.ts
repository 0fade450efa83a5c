import type { Rule } from '../ledger.ts';
import { CalendarCounter } from './calendar-counter.ts';
import { ConcurrencyCounter } from './concurrency-counter.ts';
import type { Counter } from './counter.ts';
import { RateCounter } from './rate-counter.ts';
import { RollingCounter } from './rolling-counter.ts';

/** More than all rules of all plans. Not a WeakMap: one that many new rules pass through is slow. */
const KNOWN_MAX = 1_000;
const known = new Map<Rule, Counter>();

/** Mostly the same counter for the same rule object. */
export function counterFor(rule: Rule): Counter {
  let counter = known.get(rule);
  if (counter !== undefined) return counter;
  if (known.size >= KNOWN_MAX) known.clear();
  counter = newCounter(rule);
  known.set(rule, counter);
  return counter;
}

function newCounter(rule: Rule): Counter {
  switch (rule.kind) {
    case 'rate':
      return new RateCounter(rule);
    case 'rolling':
      return new RollingCounter(rule);
    case 'calendar':
      return new CalendarCounter(rule);
    case 'concurrent':
      return new ConcurrencyCounter(rule);
  }
}
