import type { Events } from '../core/events.ts';

/**
 * Returns a function that runs `act` once for all calls of one key at the same time. It never rejects: a
 * failure of the store is an event, and the next call tries again.
 */
export function oneAtATime<Call>(
  events: Events,
  keyOf: (call: Call) => string,
  act: (call: Call) => Promise<void>,
): (call: Call) => Promise<void> {
  // At most one entry for each call in flight.
  const underWay = new Map<string, Promise<void>>();
  return (call) => {
    const key = keyOf(call);
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const acting = act(call)
      .catch((error: unknown) => events.emit('failed', { source: 'ledger', error }))
      .finally(() => underWay.delete(key));
    underWay.set(key, acting);
    return acting;
  };
}
