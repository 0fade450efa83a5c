import { ACCOUNTS, FORMATS } from './accounts.ts';
import { TIME } from './clock.ts';
import { assembled } from './constants.ts';
import { COUNTING } from './counting.ts';
import { HOLDS, STATE } from './holds.ts';
import { LEASES } from './leases.ts';
import { PLANS } from './plans.ts';
import { SAVE } from './save.ts';
import { script } from './script.ts';
import { VERBS } from './verbs.ts';

/** Loads the script on a server before the first verbs come. */
export const LOAD_ONLY = 'load';

const LOADED = `
if ARGV[1] == '${LOAD_ONLY}' then return end
`;

/** Reads all that the verbs of a batch need, runs them in turn, and writes what they changed; see README.md. */
export const BATCH = script(
  assembled([LOADED, TIME, FORMATS, STATE, ACCOUNTS, PLANS, COUNTING, HOLDS, LEASES, VERBS, SAVE]),
  { binary: true },
);
