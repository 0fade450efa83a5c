import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deriveKeys } from '../../src/base/derived-keys.ts';
import { isDenial } from '../../src/core/denial.ts';
import { GroupKinds } from '../../src/groups/group-kinds.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { NamedPlans } from '../../src/plans/named-plans.ts';
import { TokenVerifier } from '../../src/tokens/token-verifier.ts';
import { createTokens } from '../../src/tokens/tokens.ts';
import { UserStates } from '../../src/users/user-states.ts';
import { canaries } from '../canary.ts';

const KEPT = 4;

it('A token that is in use while many others are read ends at its revocation', async () => {
  const { records } = memoryLedger();
  const states = new UserStates(records);
  const parts = { records, states, keys: deriveKeys(canaries.secret), clock: systemClock };
  const tokens = createTokens(
    parts,
    { ttlMs: 3_600_000, ttlMsMax: 3_600_000 },
    new NamedPlans(new Map()),
    new GroupKinds([]),
  );
  const verifier = new TokenVerifier(parts, KEPT);
  const { id, value } = await tokens.issue({ user: 'ada' });
  for (let index = 0; index <= KEPT; index += 1) {
    await verifier.verify((await tokens.issue({ user: 'bob' })).value);
    await verifier.verify(value);
  }
  await tokens.revoke(id);
  const verdict = await verifier.verify(value);
  expect(verdict !== undefined && isDenial(verdict)).toBe(true);
});
