import { type Ledger, memoryLedger } from '../../src/index.ts';

/** A ledger in memory whose windows in shadow count and never refuse. */
export function shadowLedger(): Ledger {
  const own = memoryLedger();
  return {
    records: own.records,
    async reserve(id, claims, held, lease) {
      const before = await own.read(claims);
      const decision = await own.reserve(
        id,
        claims.map((claim) => {
          const { rule } = claim;
          return rule.shadow ? { ...claim, rule: { ...rule, amount: 1e12 } } : claim;
        }),
        held,
        lease,
      );
      if (!decision.granted) {
        return {
          ...decision,
          violations: decision.violations.filter(({ claim }) => !claims[claim]?.rule.shadow),
        };
      }
      const wouldDeny = claims.flatMap(({ rule }, claim) => {
        const { used = 0, held: holds = 0, resetsAtMs } = before[claim] ?? {};
        const cost = held[rule.unit];
        if (!rule.shadow || used + holds + cost <= rule.amount) return [];
        return [{ claim, cost, hard: used + cost > rule.amount, fitsAtMs: resetsAtMs }];
      });
      return wouldDeny.length === 0 ? decision : { ...decision, wouldDeny };
    },
    settle: (...args) => own.settle(...args),
    release: (...args) => own.release(...args),
    renew: (...args) => own.renew(...args),
    read: (claims) => own.read(claims),
    credit: (...args) => own.credit(...args),
    close: () => own.close(),
  };
}
