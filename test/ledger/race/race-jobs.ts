import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Claim, Ledger } from '../../../src/ledger/ledger.ts';
import { claim, tokens } from '../../../src/testing/ledger-conformance/case.ts';
import { lasting } from './lasting.ts';
import { shuffled } from './shuffled.ts';

/** What all racers do at the same time. A job is sent to other processes, so it is plain data. */
export type RaceJob =
  /** Makes `calls` calls at once. Each takes one token of the racer's own user, and one of each of these claims. */
  | { readonly kind: 'reserve'; readonly calls: number; readonly claims: readonly Claim[] }
  /** Makes `calls` calls at once. Each takes one token of some of these claims, which it names in any order. */
  | {
      readonly kind: 'levels';
      readonly calls: number;
      readonly claims: readonly Claim[];
      /** How many of the claims a call takes. */
      readonly each: number;
    }
  /** Writes each key unless it exists. */
  | { readonly kind: 'create'; readonly keys: readonly string[] };

const LEASE = { durationMs: 3_600_000, dispatched: true };

/** Does a job as one racer. Returns how much it won. */
export const winsOf = (ledger: Ledger, job: RaceJob): Promise<number> => {
  const racer = randomUUID();
  switch (job.kind) {
    case 'reserve':
      return reserveAll(ledger, racer, job);
    case 'levels':
      return takeLevels(ledger, racer, job);
    case 'create':
      return createAll(ledger, racer, job);
  }
};

/** How many of its reserves were granted. A denied one leaves no trace on the racer's own user. */
async function reserveAll(
  ledger: Ledger,
  racer: string,
  { calls, claims }: RaceJob & { kind: 'reserve' },
): Promise<number> {
  const own = claim(lasting(1_000_000), `user:${racer}`);
  const reserve = (_: unknown, index: number) =>
    ledger.reserve(`${racer}-${index}`, [own, ...claims], tokens(1), LEASE);
  const answers = await Promise.all(Array.from({ length: calls }, reserve));
  const won = answers.filter(({ granted }) => granted).length;
  const [balance] = await ledger.read([own]);
  assert.equal(balance?.held, won);
  return won;
}

/** How many of its calls still count at the end. Some of them end in each way: by their lease, too. */
async function takeLevels(
  ledger: Ledger,
  racer: string,
  { calls, claims, each }: RaceJob & { kind: 'levels' },
): Promise<number> {
  const call = async (taken: readonly Claim[], index: number) => {
    const id = `${racer}-${index}`;
    const lease = index % 5 === 0 ? { ...LEASE, durationMs: 1 } : LEASE;
    const { granted } = await ledger.reserve(id, taken, tokens(1), lease);
    if (granted && index % 3 === 1) await ledger.settle(id, tokens(1));
    if (granted && index % 3 === 2) await ledger.release(id);
    return granted && index % 3 !== 2;
  };
  const all = Array.from({ length: calls }, () => shuffled(claims).slice(0, each));
  return (await Promise.all(all.map(call))).filter(Boolean).length;
}

/** How many of its writes were the first write of a key. */
async function createAll(
  ledger: Ledger,
  racer: string,
  { keys }: RaceJob & { kind: 'create' },
): Promise<number> {
  const put = (key: string) => ledger.records.put(key, JSON.stringify(racer), { ifVersion: 0 });
  const written = await Promise.all(keys.map(put));
  return written.filter(Boolean).length;
}
