import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fixture } from '../fixture.ts';
import { ask, askWith, bytesOf, guardWith, outcomeOf, testClock } from './asking.ts';
import { forgeries } from './forgeries.ts';
import { jwks, logins, NOW_SECONDS } from './logins.ts';
import { sign } from './tokens.ts';

it('The list of forgeries is long and its names are unique', () => {
  expect(forgeries.length).toBeGreaterThan(100);
  expect(new Set(forgeries.map(({ name }) => name)).size).toBe(forgeries.length);
});

describe.each(logins)('Forged tokens for $name', (login) => {
  const clock = testClock();
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await guardWith(login.authenticator({ clock, jwks }));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('A valid token is accepted, also after all the forged ones', async () => {
    const token = await sign(login.signer, login.claims);
    const answer = await askWith(fixture.guard, token);
    expect(await outcomeOf(answer)).toEqual([200, null]);
  });

  it.each(forgeries)('A forged token is rejected like a missing one: $name', async ({ token }) => {
    const served = fixture.fake.requests.length;
    const nothing = await bytesOf(await ask(fixture.guard, {}));
    expect(nothing).toContain('invalid_credential');
    const answer = await bytesOf(await askWith(fixture.guard, await token(login)));
    expect(answer).toBe(nothing);
    expect(fixture.fake.requests).toHaveLength(served);
    expect(fixture.failed).toEqual([]);
  });

  it('Only a valid token past its end is reported as expired', async () => {
    const exp = NOW_SECONDS - 5;
    const late = { iat: NOW_SECONDS - 70, exp };
    const token = await sign(login.signer, { ...login.claims, ...late });
    expect(await outcomeOf(await askWith(fixture.guard, token))).toEqual([
      401,
      'expired_credential',
    ]);
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(64)}`;
    const other = { ...login.claims, ...late, ...login.otherApp };
    for (const bad of [forged, await sign(login.signer, other)]) {
      expect(await outcomeOf(await askWith(fixture.guard, bad))).toEqual([
        401,
        'invalid_credential',
      ]);
    }
  });
});
