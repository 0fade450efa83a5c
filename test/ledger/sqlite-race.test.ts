import { expect, it } from 'vitest';
import { race } from './race/race.ts';
import { sqliteFolder } from './sqlite-folder.ts';

const MODULE = new URL('./race/sqlite-module.ts', import.meta.url);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

it('Four processes with 400 calls each for a room of 100 get exactly 100', async () => {
  await using place = sqliteFolder();
  const job = { kind: 'reserve', calls: 400, room: 100 } as const;
  const won = await race(MODULE, [place.file], job);
  expect(sum(won)).toBe(100);
  expect(sum(await race(MODULE, [place.file], { ...job, calls: 10, room: 101 }))).toBe(1);
});

it('Exactly one of four processes that create the same record succeeds', async () => {
  await using place = sqliteFolder();
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  expect(sum(await race(MODULE, [place.file], { kind: 'create', keys }))).toBe(keys.length);
  expect(sum(await race(MODULE, [place.file], { kind: 'create', keys }))).toBe(0);
});
