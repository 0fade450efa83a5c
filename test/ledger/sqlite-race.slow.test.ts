import { describe } from 'vitest';
import { race } from './race/race.ts';
import { raceSuite } from './race/race-suite.ts';
import { sqliteFolder } from './sqlite-folder.ts';

const MODULE = new URL('./race/sqlite-module.ts', import.meta.url);

describe('An SQLite ledger', () => {
  raceSuite('Four processes on one SQLite file', async () => {
    const place = sqliteFolder();
    return {
      ledger: place.open({ busyMs: 10_000 }),
      race: (job) => race(MODULE, [place.file], job),
      [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
    };
  });
});
