import { expect } from 'vitest';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { canaries, watchToken } from '../canary.ts';
import { chat, MODEL, post, startFixture } from '../fixture.ts';
import { LeakScanner } from '../leak-scanner.ts';

/**
 * Issues, uses and revokes tokens with a guard on any store, and asserts that its dump contains no
 * secret.
 */
export async function assertKeepsNoSecret(
  ledger: Ledger,
  dump: () => Promise<Buffer>,
): Promise<void> {
  await using fixture = await startFixture({ timeouts: { ledger: '5s' }, ledger });
  const { guard, settled } = fixture;
  const scanner = new LeakScanner();
  for (const [name, value] of Object.entries(canaries)) scanner.watch(name, value);
  const body = chat({ messages: [{ role: 'user', content: canaries.prompt }] });
  const scope = { plan: 'free', models: [MODEL], limits: [{ requests: 9, per: '1h' }] };
  for (const singleUse of [true, false]) {
    const issued = await guard.tokens.issue({ user: 'ada', ...scope, singleUse });
    scanner.watch('token', watchToken(issued.value).slice('gct_'.length));
    const answer = await post(guard, issued.value, body);
    expect(answer.status).toBe(200);
    await answer.text();
    await guard.tokens.revoke(issued.id);
  }
  await expect.poll(() => settled.length).toBe(2);
  const bytes = await dump();
  // This is the right dump: it contains the records of tokens.
  expect(bytes.includes('token:')).toBe(true);
  expect(scanner.find(bytes)).toBeUndefined();
}
