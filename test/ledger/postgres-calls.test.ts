import { describe, expect, it } from 'vitest';
import { Calls } from '../../src/ledger/postgres/calls.ts';
import type { Driver } from '../../src/ledger/postgres/driver.ts';

/** Fails with these codes, one after the other, and then answers. */
function failingDriver(...codes: string[]): Driver & { readonly sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    run: async () => {},
    async query(text) {
      sent.push(text);
      const code = codes.shift();
      if (code !== undefined) throw Object.assign(new Error('lost'), { code });
      return [{ done: true }];
    },
    connect: () => Promise.reject(new Error('not used')),
  };
}

const put = (driver: Driver) => {
  const calls = new Calls(driver, 5_000);
  return calls.once('SELECT put()', [], calls.deadline());
};

describe('A conditional write to Postgres', () => {
  it('is sent again if the connection had ended before Postgres read it', async () => {
    const driver = failingDriver('25P03', '25P03');
    expect(await put(driver)).toEqual({ done: true });
    expect(driver.sent).toHaveLength(3);
  });

  it('is sent again three times at most', async () => {
    const driver = failingDriver(...Array<string>(9).fill('25P03'));
    await expect(put(driver)).rejects.toThrow();
    expect(driver.sent).toHaveLength(4);
  });

  it.each(['57P01', 'ECONNRESET', '23505'])(
    'is sent once if it may have had its effect (%s)',
    async (code) => {
      const driver = failingDriver(code);
      await expect(put(driver)).rejects.toThrow();
      expect(driver.sent).toHaveLength(1);
    },
  );
});
