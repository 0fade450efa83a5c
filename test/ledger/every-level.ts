import type { Claim, Rule } from '../../src/ledger/ledger.ts';
import { balance, claim, GLOBAL, rate } from '../../src/testing/ledger-conformance/case.ts';
import { lasting } from './race/lasting.ts';

/** Has no room, so that every call takes credits. */
const spills: Rule = { ...lasting(0), key: 'spills', spills: true };
const credits = balance(1_000, { key: 'tokens/credits', isCredit: true });
const shadow: Rule = { ...lasting(0), key: 'shadow', shadow: true };
const groups = ['group:team:a', 'group:office:b', 'group:company:c', 'group:country:d'];

/** A call that counts wherever a call can: on a token, a user with credits, four groups and globally, and that
 * a shadow on each level would deny. All of its limits have room for a thousand tokens. */
export const EVERY_LEVEL: readonly Claim[] = [
  claim(lasting(1_000), 'token:x'),
  ...[rate(1_000, 1_000), spills, credits].map((rule) => claim(rule)),
  ...groups.map((group) => claim(lasting(1_000), group)),
  claim(lasting(1_000), GLOBAL),
  ...['token:x', 'user:ada', ...groups, GLOBAL].map((account) => claim(shadow, account)),
];
