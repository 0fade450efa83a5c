import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { LedgerError } from '../../src/core/errors.ts';
import type { Guard } from '../../src/index.ts';
import { StoreFailingError } from '../../src/ledger/resilient/store-health.ts';
import { startFixture } from '../fixture.ts';

/** Loads a module as a second copy, as a process has that imports the package and requires it, too. */
async function copyOf<Module>(load: () => Promise<Module>): Promise<Module> {
  vi.resetModules();
  return load();
}

describe('Two copies of the package in one process', () => {
  it('An error of one copy is an instance of the class of the other', async () => {
    const other = await copyOf(() => import('../../src/core/errors.ts'));
    expect(other.LedgerError).not.toBe(LedgerError);
    expect(new other.LedgerError('away')).toBeInstanceOf(LedgerError);
    expect(new other.BodyError('server_busy', 'busy')).not.toBeInstanceOf(LedgerError);
    expect(new LedgerError('away')).not.toBeInstanceOf(StoreFailingError);
    const nothing: unknown = undefined;
    expect(nothing instanceof LedgerError).toBe(false);
  });

  it('A webhook of one copy reaches the guard of the other', async () => {
    await using fixture = await startFixture();
    const { revenueCatWebhook } = await copyOf(() => import('../../src/billing/index.ts'));
    const webhook = (guard: Guard) =>
      revenueCatWebhook({ guard, authorization: 'x'.repeat(40), plans: { pro: 'free' } });
    expect(() => webhook(fixture.guard)).not.toThrow();
    expect(() => webhook({ ...fixture.guard })).toThrow('createGuardedCompletion');
  });

  it('A body that an adapter of one copy refuses is a denial of the guard of the other', async () => {
    await using fixture = await startFixture();
    const { toNodeHandler } = await copyOf(() => import('../../src/http/node.ts'));
    const server = createServer(toNodeHandler(fixture.guard, { prefix: '/v1' })).listen(0);
    const { port } = server.address() as AddressInfo;
    const { value } = await fixture.guard.tokens.issue({ user: 'ada' });
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/json' },
      body: ' '.repeat(5 * 1024 * 1024),
    });
    expect(response.status).toBe(413);
    server.close();
  });
});
