import { expect, it } from 'vitest';
import { isDenial } from '../../src/core/denial.ts';
import type { Amounts } from '../../src/ledger/amounts.ts';
import { chatUsage } from '../../src/openai/answer/usage.ts';
import { admit } from '../../src/pipeline/admit.ts';
import { authorize } from '../../src/pipeline/authorize.ts';
import { identify } from '../../src/pipeline/identify.ts';
import { settle } from '../../src/pipeline/settle.ts';
import type { Admitted, Outcome } from '../../src/pipeline/states.ts';
import { COMPLETION, type Piped, pipedParts, requestOf } from './piped.ts';

/** What the call holds of an upstream: not the sum of its other tokens. */
const UPSTREAM_TOKENS = 77;

/** Returns a call that was admitted by the real steps. */
async function admittedBy({ parts }: Piped): Promise<Admitted> {
  const identified = await identify({ request: requestOf() }, parts);
  if (isDenial(identified)) throw new Error('not identified');
  const authorized = await authorize(identified, parts);
  if (isDenial(authorized) || 'response' in authorized) throw new Error('not authorized');
  const admitted = await admit(authorized, parts);
  if (isDenial(admitted)) throw new Error('not admitted');
  return { ...admitted, held: { ...admitted.held, upstreamTokens: UPSTREAM_TOKENS } };
}

const reading = chatUsage(COMPLETION);
if (reading === undefined) throw new Error('There is no usage.');

it.each<Outcome>([
  { kind: 'used', reading },
  { kind: 'refused' },
  { kind: 'held' },
  { kind: 'held', floor: reading },
  { kind: 'visible', outputTokens: 3 },
  { kind: 'visible', outputTokens: 3, floor: reading },
])('A call keeps what it held of an upstream: $kind', async (outcome) => {
  const piped = pipedParts();
  const admitted = await admittedBy(piped);
  const posted: Amounts[] = [];
  const { ledger } = piped.parts;
  await settle(admitted, outcome, {
    ...piped.parts,
    ledger: {
      ...ledger,
      settle(call, used) {
        posted.push(used);
        return ledger.settle(call, used);
      },
    },
  });
  expect(posted).toMatchObject([{ requests: 1, upstreamTokens: UPSTREAM_TOKENS }]);
});
