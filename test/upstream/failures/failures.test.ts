import { describe, expect, it } from 'vitest';
import { type Ending, type Failure, failures } from './cases.ts';
import { billedTokens, type Ended, runFailure, type Setup } from './run-failure.ts';

interface Case extends Setup {
  readonly failure: Failure;
  readonly expected: Ending;
}

const setups = [true, false].flatMap((stream) => [
  { stream, hasBackup: false, serverErrors: 0 },
  { stream, hasBackup: true, serverErrors: 0 },
  { stream, hasBackup: false, serverErrors: 1 },
  { stream, hasBackup: true, serverErrors: 1 },
]);

function expectedOf(failure: Failure, { hasBackup, serverErrors }: Setup): Ending | undefined {
  const endings = serverErrors > 0 ? failure.retried : failure;
  return hasBackup ? endings?.withBackup : endings?.alone;
}

const cases: readonly Case[] = failures.flatMap((failure) =>
  setups
    .filter(({ stream }) => failure.only === undefined || stream === (failure.only === 'stream'))
    .flatMap((setup) => {
      const expected = expectedOf(failure, setup);
      return expected === undefined ? [] : [{ failure, expected, ...setup }];
    }),
);

const titleOf = ({ failure, stream, hasBackup, serverErrors }: Case): string =>
  `${failure.name}, ${stream ? 'stream' : 'whole'}, ${hasBackup ? 'two upstreams' : 'one upstream'}${serverErrors > 0 ? ', 5xx tried again' : ''}`;

describe.concurrent('A request that fails at its upstream', () => {
  it.each(cases.map((each) => [titleOf(each), each] as const))(
    'The call is sent again only where nothing was billed, and the ledger has what was billed (%s)',
    async (_, { failure, expected, ...setup }) => {
      const { events, ledger, invoice, ...ending } = await runFailure(failure, setup);
      expect(ending).toEqual(expected);
      const told = failure.events ?? (failure.alone.client === '200' ? [] : ['upstream']);
      if (!setup.hasBackup && setup.serverErrors === 0) expect(events).toEqual(told);
      expectBalanced({ events, ledger, invoice, ...ending });
    },
  );
});

/** Nothing is held any more, no call was billed twice, and no user is charged less than was billed. */
function expectBalanced({ charge, ledger, invoice }: Ended): void {
  expect([ledger.requests.held, ledger.tokens.held, ledger.concurrent]).toEqual([
    0,
    0,
    { used: 0, held: 0 },
  ]);
  expect(invoice.length).toBeLessThanOrEqual(1);
  expect(ledger.requests.used).toBe(charge === 'nothing' ? 0 : 1);
  const billed = billedTokens(invoice);
  if (charge === 'hold') expect(ledger.tokens.used).toBeGreaterThanOrEqual(billed);
  else expect(ledger.tokens.used).toBe(charge === 'invoice' ? billed : 0);
}
