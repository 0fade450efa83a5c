import { after, type Soon } from '../base/deadline.ts';
import { type Amounts, amounts } from '../ledger/amounts.ts';
import type { Claim, Granted, InProcessVerbs, Ledger, NotGranted } from '../ledger/ledger.ts';
import { HoldIds } from './hold-ids.ts';

/** The upstream counts calls when they arrive, so a hold whose settlement is lost stays charged. */
const LEASE = { durationMs: 1_000, dispatched: true };

/** Takes the capacity for calls that waited. It is posted at once: the upstream gives nothing back. */
export type CapacityReserve = (
  claims: readonly Claim[],
  calls: number,
  tokens: number,
) => Soon<Granted | NotGranted>;

export function capacityReserve(ledger: Ledger): CapacityReserve {
  const ids = new HoldIds();
  const { inProcess } = ledger;
  const take = inProcess === undefined ? takeIn(ledger) : takeInProcess(inProcess);
  return (claims, calls, tokens) =>
    take(ids.next(), claims, amounts({ requests: calls, upstreamTokens: tokens }));
}

type Take = (id: string, claims: readonly Claim[], most: Amounts) => Soon<Granted | NotGranted>;

const takeIn =
  (ledger: Ledger): Take =>
  (id, claims, most) =>
    after(ledger.reserve(id, claims, most, LEASE), (decision) => {
      // No call waits for it. If it fails, the lease ends the hold in the same way.
      if (decision.granted) ledger.settle(id, most).catch(() => {});
      return decision;
    });

const takeInProcess =
  (verbs: InProcessVerbs): Take =>
  (id, claims, most) => {
    const decision = verbs.reserve(id, claims, most, LEASE);
    if (decision.granted) verbs.settle(decision.hold, most);
    return decision;
  };
