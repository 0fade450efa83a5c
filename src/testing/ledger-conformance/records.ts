import assert from 'node:assert/strict';
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
];

const WATCH_MS_MAX = 1_000;

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WATCH_MS_MAX;
  while (!holds() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(holds(), 'a watcher must hear of a change within 1 s');
}
