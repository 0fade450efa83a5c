import { describe, expect, it, vi } from 'vitest';
import type { Guard, Ledger } from '../../src/index.ts';
import { startPostgres } from '../ledger/servers/postgres-server.ts';
import { redisBinary, startRedis } from '../ledger/servers/redis-server.ts';
import { askAs, expectOneUsed } from './ask-as.ts';
import { codeOf, STORE_PAGE } from './markdown.ts';
import type { store as itsStore } from './reader/ledger.ts';
import { startWorld } from './run-blocks.ts';

it(`${STORE_PAGE}: money limits deny while the store fails, and both events are emitted`, async () => {
  await using world = await startWorld('store');
  const errors = vi.spyOn(console, 'error').mockImplementation(() => {});
  const lines = vi.spyOn(console, 'log').mockImplementation(() => {});
  const [setUp = '', watching = ''] = codeOf(STORE_PAGE);
  const { guard } = (await world.run('guard', setUp)) as { guard: Guard };
  await world.run('watching', watching);
  const { store } = (await world.beside('ledger.ts')) as { store: typeof itsStore };
  const ask = () => askAs(guard, 'ada');
  expect(await ask()).toEqual({ status: 200, code: null });
  store.fails = true;
  for (let call = 0; call < 3; call += 1) {
    expect(await ask()).toEqual({ status: 503, code: 'ledger_unavailable' });
  }
  expect(world.fake.invoice).toHaveLength(1);
  expect(errors.mock.calls).toContainEqual([expect.stringContaining('connection refused')]);
  store.fails = false;
  await expect.poll(() => lines.mock.calls).toHaveLength(1);
  expect(await ask()).toEqual({ status: 200, code: null });
  await guard.close();
  vi.restoreAllMocks();
});

it.each(['memory', 'sqlite'])('docs/ledgers/%s.md sets up a guard that counts', async (name) => {
  await using world = await startWorld(`ledger-${name}`);
  const [code = ''] = codeOf(`docs/ledgers/${name}.md`);
  const { guard } = (await world.run('set-up', code)) as { guard: Guard };
  expect(await askAs(guard, 'ada')).toEqual({ status: 200, code: null });
  await expectOneUsed(guard);
  await guard.close();
});

describe('Pages about ledgers that need a server', () => {
  const servesOnce = async (guard: Guard) => {
    expect(await askAs(guard, 'ada')).toMatchObject({ status: 200 });
    await expectOneUsed(guard);
    await guard.close();
  };

  it('docs/ledgers/redis.md runs on a real Redis', async (context) => {
    const binary = redisBinary();
    if (binary === undefined) return context.skip('there is no redis-server');
    const server = await startRedis(binary);
    vi.stubEnv('REDIS_URL', `redis://127.0.0.1:${server.port}`);
    await using world = await startWorld('redis');
    const program = await world.run('redis', codeOf('docs/ledgers/redis.md')[0] ?? '');
    await servesOnce((program as { guard: Guard }).guard);
    await server.close();
  });

  it('docs/ledgers/postgres.md runs on a real Postgres', async (context) => {
    const server = await startPostgres();
    if (server === undefined) return context.skip('there is no postgres');
    vi.stubEnv('DATABASE_URL', server.url);
    await using world = await startWorld('postgres');
    const [mounted = '', listening = ''] = codeOf('docs/ledgers/postgres.md');
    await servesOnce(((await world.run('postgres', mounted)) as { guard: Guard }).guard);
    const { ledger } = (await world.run('listening', listening)) as { ledger: Ledger };
    const heard: string[] = [];
    const stop = ledger.records.watch((key) => heard.push(key));
    await ledger.records.put('key', '1');
    await expect.poll(() => heard).toContain('key');
    stop();
    await ledger.close();
    await server.close();
  });
});
