import { benchInProcess, type InProcessFigures } from './in-process.ts';
import { benchLedger, idleAccountBytes, type LedgerRow } from './ledger.ts';

/** What is measured without HTTP, in a process of its own on the contender's core. */
export interface AloneFigures {
  readonly inProcess: InProcessFigures;
  readonly ledger: readonly LedgerRow[];
  readonly idleAccountBytes: number | undefined;
}

const isQuick = process.argv.includes('--quick');
const figures: AloneFigures = {
  inProcess: isQuick ? await benchInProcess(3, 1_500) : await benchInProcess(9, 8_000),
  ledger: await (isQuick ? benchLedger(1) : benchLedger()),
  idleAccountBytes: await idleAccountBytes(),
};
process.send?.(figures, () => process.disconnect());
