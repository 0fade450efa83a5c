import type { Guard, Ledger } from 'guarded-completion';
import { sqliteLedger } from 'guarded-completion/sqlite';
import { check, step, tell } from './report.ts';

/** The users of the story. Each run on the same file has its own users. */
export interface People {
  readonly ada: string;
  readonly bob: string;
}

/** A note for the next run, stored next to the guard's own records. */
interface Note {
  readonly run: number;
  readonly people: People;
  readonly bobUsed: number;
  readonly atMs: number;
}

const KEY = 'demo';
/** Less than the 24 hours in which bob's requests count. */
const STILL_COUNTS_MS = 23 * 3_600_000;

/** Returns the ledger of `--ledger sqlite:FILE`, or `undefined` to keep the counters in memory. */
export function ledgerOf(args: readonly string[]): Ledger | undefined {
  const at = args.indexOf('--ledger');
  if (at === -1) return undefined;
  const file = /^sqlite:(.+)$/.exec(args[at + 1] ?? '')?.[1];
  if (file === undefined) throw new TypeError('--ledger: must be sqlite:FILE');
  console.log(
    `Limits, blocks and tokens are kept in ${file}. Run this again to see that they persist.`,
  );
  return sqliteLedger({ file });
}

/** Checks that the counters of an earlier run are still there. Returns the users of this run. */
export async function welcome(guard: Guard, ledger: Ledger | undefined): Promise<People> {
  const note = await readNote(ledger);
  if (note === undefined) return { ada: 'ada', bob: 'bob' };
  await recall(guard, note);
  const run = note.run + 1;
  return { ada: `ada-${run}`, bob: `bob-${run}` };
}

async function recall(guard: Guard, { run, people, bobUsed, atMs }: Note): Promise<void> {
  step(`What is left of run ${run}, another process`);
  const { block } = await guard.users.usage(people.ada);
  check(`${people.ada} is still blocked: ${block?.reason}`, block !== undefined);
  if (Date.now() - atMs > STILL_COUNTS_MS) return tell('its requests are too old to count');
  const used = await requestsOf(guard, people.bob);
  check(`${people.bob} has still used ${bobUsed} of their requests`, used === bobUsed);
}

/** Writes a note for the next run, if the ledger outlives the process. */
export async function leaveNote(
  guard: Guard,
  ledger: Ledger | undefined,
  people: People,
): Promise<void> {
  if (ledger === undefined) return;
  const run = ((await readNote(ledger))?.run ?? 0) + 1;
  const bobUsed = await requestsOf(guard, people.bob);
  const note: Note = { run, people, bobUsed, atMs: Date.now() };
  await ledger.records.put(KEY, JSON.stringify(note));
}

async function readNote(ledger: Ledger | undefined): Promise<Note | undefined> {
  const record = await ledger?.records.get(KEY);
  return record && (JSON.parse(record.value) as Note);
}

async function requestsOf(guard: Guard, user: string): Promise<number> {
  const { limits } = await guard.users.usage(user);
  return limits.find(({ name }) => name === 'requests-24h')?.used ?? 0;
}
