/**
 * A process that reserves and settles calls one after another until it is killed: `MODULE ARGS`.
 */
import { claim, tokens } from '../../../src/testing/ledger-conformance/case.ts';
import { lasting } from './lasting.ts';
import type { OpenLedger } from './race.ts';

const [module = '', ...args] = process.argv.slice(2);
const { openLedger } = (await import(module)) as { openLedger: OpenLedger };
const ledger = await openLedger(...args);
const claims = [claim(lasting(1_000_000)), claim(lasting(1_000_000), 'global')];
const used = { ...tokens(1), concurrent: 0 };

for (let settled = 1; ; settled += 1) {
  const id = `${process.pid}-${settled}`;
  await ledger.reserve(id, claims, tokens(3), { durationMs: 60_000, dispatched: false });
  await ledger.settle(id, used);
  await new Promise((sent) => process.send?.(settled, sent));
}
