import type { InProcessVerbs, Ledger } from '../../src/ledger/ledger.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';

export type InProcessLedger = Ledger & { readonly inProcess: InProcessVerbs };

export function inProcessLedger(options: Parameters<typeof memoryLedger>[0]): InProcessLedger {
  const ledger = memoryLedger(options);
  const { inProcess } = ledger;
  if (inProcess === undefined) throw new Error('the memory ledger answers in this process');
  return Object.assign(ledger, { inProcess });
}

/** A ledger that takes its holds by handle. The ids of a ledger are mapped to handles here. */
export function byHandle(ledger: InProcessLedger): Ledger {
  const holds = new Map<string, object>();
  const { reserve, settle, release, renew } = ledger.inProcess;
  // A verb without a hold here must still read the time, and fail when the ledger does.
  const look = () => ledger.read([]);
  return {
    records: ledger.records,
    async reserve(id, claims, held, lease) {
      await look();
      if (holds.has(id)) return { granted: true, balances: await ledger.read(claims) };
      const decision = reserve(id, claims, held, lease);
      if (!decision.granted) return decision;
      const { hold, ...granted } = decision;
      holds.set(id, hold);
      return granted;
    },
    async settle(id, used) {
      await look();
      const hold = holds.get(id);
      return hold === undefined ? 'unknown' : settle(hold, used);
    },
    async release(id, options) {
      await look();
      const hold = holds.get(id);
      return hold === undefined ? 'unknown' : release(hold, options);
    },
    async renew(id, lease) {
      await look();
      const hold = holds.get(id);
      return hold !== undefined && renew(hold, lease);
    },
    read: (claims) => ledger.read(claims),
    credit: (...given) => ledger.credit(...given),
    close: () => ledger.close(),
  };
}
