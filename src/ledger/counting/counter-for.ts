import type { Rule } from '../ledger.ts';
import { BalanceCounter } from './balance-counter.ts';
import { CalendarCounter } from './calendar-counter.ts';
import { ConcurrencyCounter } from './concurrency-counter.ts';
import type { Counter } from './counter.ts';
import { RateCounter } from './rate-counter.ts';
import { RollingCounter } from './rolling-counter.ts';

/** More than the rules of all plans. A WeakMap would be slow if many new rules pass through it. */
const KNOWN_MAX = 1_000;
const known = new Map<Rule, Counter>();

/** Returns the counter of a rule; mostly the same one for the same rule object. */
export function counterFor(rule: Rule): Counter {
  let counter = known.get(rule);
  if (counter !== undefined) return counter;
  if (known.size >= KNOWN_MAX) known.clear();
  counter = newCounter(rule);
  known.set(rule, counter);
  return counter;
}

const latest: Counter[] = [];

/** The same for the rule at one place of a list, where mostly the same rule comes again. */
export function counterAt(place: number, rule: Rule): Counter {
  const counter = latest[place];
  if (counter?.rule === rule) return counter;
  latest[place] = counterFor(rule);
  return latest[place];
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
    case 'balance':
      return new BalanceCounter(rule);
  }
}
