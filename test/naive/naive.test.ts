import { describe, expect, it } from 'vitest';
import { realCandidate } from './candidate.ts';
import { cases } from './cases.ts';
import { naiveCandidate } from './naive-guard.ts';

/** Red for its own reason, or a mistake in a case would pass for proof. */
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
    it('is green on this guard', async () => {
      await using candidate = await realCandidate();
      await run(candidate);
    });

    it('is red on a naive one', async () => {
      await using candidate = await naiveCandidate();
      await expect(run(candidate)).rejects.toThrow(why);
    });
  },
);
