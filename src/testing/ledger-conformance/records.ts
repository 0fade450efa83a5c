import assert from 'node:assert/strict';
import type { ListedRecord, Records } from '../../ledger/records.ts';
import { type Case, MINUTE_MS, START_MS } from './case.ts';

export const recordCases: readonly Case[] = [
  {
    title: 'A record is read as written, and each write increments its version',
    async run({ ledger: { records } }) {
      assert.equal(await records.get('key'), undefined);
      assert.equal(await records.put('key', '{"a":1}'), true);
      assert.deepEqual(await records.get('key'), { value: '{"a":1}', version: 1 });
      await records.put('key', '"ä 😀"');
      assert.deepEqual(await records.get('key'), { value: '"ä 😀"', version: 2 });
    },
  },
  {
    title: 'A conditional write succeeds only on the version that it names',
    async run({ ledger: { records } }) {
      assert.equal(await records.put('key', '1', { ifVersion: 1 }), false);
      assert.equal(await records.put('key', '1', { ifVersion: 0 }), true);
      assert.equal(await records.put('key', '2', { ifVersion: 0 }), false);
      assert.equal(await records.put('key', '2', { ifVersion: 1 }), true);
      assert.deepEqual(await records.get('key'), { value: '2', version: 2 });
    },
  },
  {
    title: 'Exactly one of many simultaneous conditional writes succeeds',
    async run({ ledger: { records } }) {
      const writes = Array.from({ length: 50 }, (_, index) =>
        records.put('key', `${index}`, { ifVersion: 0 }),
      );
      assert.equal((await Promise.all(writes)).filter(Boolean).length, 1);
    },
  },
  {
    title: 'A deleted record is gone, and a second delete returns false',
    async run({ ledger: { records } }) {
      await records.put('key', '1');
      assert.equal(await records.delete('key'), true);
      assert.equal(await records.delete('key'), false);
      assert.equal(await records.get('key'), undefined);
      assert.equal(await records.put('key', '2', { ifVersion: 0 }), true);
    },
  },
  {
    title: 'A record exists until it expires and is absent from then on',
    movesClock: true,
    async run({ ledger: { records }, clock }) {
      const expiresAtMs = START_MS + MINUTE_MS;
      await records.put('key', '1', { expiresAtMs });
      clock.set(expiresAtMs - 1);
      assert.deepEqual(await records.get('key'), { value: '1', version: 1 });
      clock.set(expiresAtMs);
      assert.equal(await records.get('key'), undefined);
      assert.equal(await records.delete('key'), false);
      assert.equal(await records.put('key', '2', { ifVersion: 0 }), true);
    },
  },
  {
    title: 'A watcher is called for every change within 1 s, and never after it stopped',
    async run({ ledger: { records } }) {
      const heard = new Set<string>();
      const stop = records.watch((key) => heard.add(key));
      await records.put('first', '1');
      await records.put('second', '1');
      await records.delete('first');
      await until(() => heard.has('first') && heard.has('second'));
      stop();
      await records.put('third', '1');
      assert.equal(heard.has('third'), false);
    },
  },
  {
    title: 'Every distinct string names a separate record',
    async run({ ledger: { records } }) {
      const keys = [
        '',
        '*',
        '%',
        '{tag}',
        "';--",
        '__proto__',
        'a\u0000b',
        'ä'.repeat(2_000),
        '😀',
      ];
      for (const key of keys) await records.put(key, JSON.stringify(key));
      for (const key of keys) {
        assert.deepEqual(await records.get(key), { value: JSON.stringify(key), version: 1 });
      }
    },
  },
  {
    title: 'A list has each record whose key begins with the prefix once, page by page',
    async run({ ledger: { records } }) {
      const keys = Array.from({ length: 25 }, (_, index) => `team:${index}`);
      const others = ['team', 'tea:1', 'teams:1', 'Team:1', 'u', ''];
      for (const key of [...keys, ...others]) await records.put(key, JSON.stringify(key));
      await records.put('team:7', '"again"');
      await records.delete('team:8');
      for (const limit of [1, 7, 24, 25, 1_000]) {
        const listed = await listAll(records, 'team:', limit);
        const expected = keys.filter((key) => key !== 'team:8').sort();
        assert.deepEqual(listed.map(({ key }) => key).sort(), expected);
        const seventh = listed.find(({ key }) => key === 'team:7');
        assert.deepEqual(seventh, { key: 'team:7', value: '"again"', version: 2 });
      }
      assert.deepEqual(await records.list('none:'), { records: [], next: undefined });
    },
  },
  {
    title: 'A list keeps its order, and goes on where it was while records come and go',
    async run({ ledger: { records } }) {
      const keys = Array.from({ length: 12 }, (_, index) => `k:${index}-ä😀`);
      for (const key of keys) await records.put(key, '1');
      const first = await records.list('k:', { limit: 5 });
      assert.deepEqual(await records.list('k:', { limit: 5 }), first);
      const [gone] = first.records;
      await records.delete(gone?.key ?? '');
      await records.delete(first.next ?? '');
      const rest = await listAll(records, 'k:', 3, first.next);
      const seen = [...first.records, ...rest].map(({ key }) => key);
      assert.deepEqual(seen.sort(), keys.sort());
    },
  },
  {
    title: 'A list has no record that has expired',
    movesClock: true,
    async run({ ledger: { records }, clock }) {
      const expiresAtMs = START_MS + MINUTE_MS;
      for (let index = 0; index < 6; index += 1) {
        await records.put(`e:${index}`, '1', index % 2 === 0 ? { expiresAtMs } : {});
      }
      await records.put('e:2', '2');
      assert.equal((await listAll(records, 'e:', 4)).length, 6);
      clock.set(expiresAtMs);
      for (const limit of [1, 4, 100]) {
        const keys = (await listAll(records, 'e:', limit)).map(({ key }) => key);
        assert.deepEqual(keys.sort(), ['e:1', 'e:2', 'e:3', 'e:5']);
      }
      await records.put('e:0', '2', { ifVersion: 0 });
      assert.equal((await listAll(records, 'e:', 2)).length, 5);
    },
  },
  {
    title: 'A list refuses a limit out of bounds and a cursor of another list',
    async run({ ledger: { records } }) {
      for (const limit of [0, -1, 1.5, 1_001, Number.NaN]) {
        await assert.rejects(records.list('a:', { limit }), TypeError);
      }
      for (const after of ['b:1', 'a:\u0000']) {
        await assert.rejects(records.list('a:', { after }), TypeError);
      }
    },
  },
];

/** Every page, one after the other. */
async function listAll(
  records: Records,
  prefix: string,
  limit: number,
  from?: string,
): Promise<ListedRecord[]> {
  const all: ListedRecord[] = [];
  let after = from;
  do {
    const page = await records.list(prefix, { after, limit });
    assert.ok(page.records.length <= limit, 'a page has at most its limit');
    all.push(...page.records);
    after = page.next;
  } while (after !== undefined);
  return all;
}

const WATCH_MS_MAX = 1_000;

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WATCH_MS_MAX;
  while (!holds() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(holds(), 'a watcher must hear of a change within 1 s');
}
