import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveKeys, hmac } from '../../src/base/derived-keys.ts';
import { memoryLedger } from '../../src/index.ts';
import { TOKEN_RECORD_PREFIX, tokenIdOf } from '../../src/tokens/token-form.ts';
import { canaries, watchToken } from '../canary.ts';
import { chat, codeOf, post, startFixture } from '../fixture.ts';

const START_MS = 1_800_000_000_000;
const keys = deriveKeys(canaries.secret);

async function verdictOn(value: string, atMs: number, ledger = memoryLedger()): Promise<string> {
  await using fixture = await startFixture({ ledger, clock: { nowMs: () => atMs } });
  const answer = await post(fixture.guard, value, chat());
  return answer.status === 200 ? 'served' : codeOf(answer);
}

async function issue(ttl = '15m'): Promise<string> {
  await using fixture = await startFixture({ clock: { nowMs: () => START_MS } });
  return watchToken((await fixture.guard.tokens.issue({ user: 'ada', ttl })).value);
}

describe('A user token that has expired', () => {
  it('It is expired_credential also after a restart, and if it was never used', async () => {
    const value = await issue('15m');
    expect(await verdictOn(value, START_MS + 900_000)).toBe('expired_credential');
    // Before its end, its record decides, which this store does not have.
    expect(await verdictOn(value, START_MS + 899_999)).toBe('invalid_credential');
  });

  it('It cannot be given another end: each changed byte is invalid_credential', async () => {
    const value = await issue();
    for (let at = 'gct_'.length; at < value.length; at += 1) {
      const other = value[at] === 'A' ? 'B' : 'A';
      const forged = value.slice(0, at) + other + value.slice(at + 1);
      expect(await verdictOn(forged, START_MS + 900_000), `at ${at}`).toBe('invalid_credential');
    }
  });
});

/** A token as versions before wrote it: 32 random bytes, and their seal. */
async function earlierToken(ledger: ReturnType<typeof memoryLedger>): Promise<string> {
  const random = randomBytes(32);
  const seal = hmac(keys.tokenSeal, random.toString('base64url')).subarray(0, 16);
  const value = watchToken(`gct_${Buffer.concat([random, seal]).toString('base64url')}`);
  const stored = { user: { id: 'ada' }, expiresAtMs: START_MS + 900_000, generation: 0 };
  const name = TOKEN_RECORD_PREFIX + tokenIdOf(value, keys);
  await ledger.records.put(name, JSON.stringify(stored), { ifVersion: 0 });
  return value;
}

describe('A user token of an earlier version', () => {
  it('It is valid until its record ends it, and its random bytes are not read as a time', async () => {
    const clock = { nowMs: () => START_MS };
    for (let index = 0; index < 20; index += 1) {
      const ledger = memoryLedger({ clock });
      const value = await earlierToken(ledger);
      expect(await verdictOn(value, START_MS, ledger)).toBe('served');
    }
    const ledger = memoryLedger({ clock });
    const value = await earlierToken(ledger);
    expect(await verdictOn(value, START_MS + 900_000, ledger)).toBe('expired_credential');
  });
});
