import { describe, expect, it } from 'vitest';
import { realCandidate } from './candidate.ts';
import { cases } from './cases.ts';
import { naiveCandidate } from './naive-guard.ts';

/** Each case must fail for its own reason, or a mistake in a case would look like a proof. */
const WHY: Readonly<Record<keyof typeof cases, RegExp>> = {
  race: /expected 40 to be 10/,
  lostReply: /expected [789] to be 10/,
  hang: /'hung'/,
  down: /expected \[ 200, 200/,
};

const names = Object.keys(cases) as (keyof typeof cases)[];
describe.each(names.map((name) => ({ ...cases[name], why: WHY[name] })))(
  '$title',
  ({ run, why }) => {
    it('This guard passes the case', async () => {
      await using candidate = await realCandidate();
      await run(candidate);
    });

    it('A naive guard fails the case', async () => {
      await using candidate = await naiveCandidate();
      await expect(run(candidate)).rejects.toThrow(why);
    });
  },
);
