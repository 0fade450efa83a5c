import type { Rule } from '../ledger.ts';
import { CalendarCounter } from './calendar-counter.ts';
import { ConcurrencyCounter } from './concurrency-counter.ts';
import type { Counter } from './counter.ts';
import { RateCounter } from './rate-counter.ts';
import { RollingCounter } from './rolling-counter.ts';

export function counterFor(rule: Rule): Counter {
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
