import { createHash, randomUUID } from 'node:crypto';
import { type Amounts, amountIn, amountsBy, NO_AMOUNTS } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { CREDIT_UNITS, type CreditAccount, creditClaims, post } from './posted-credits.ts';

/** What one event says about a grant with an id, such as a payment. */
export interface GrantEvent {
  /** `undefined` where the event does not say it, such as a refund. */
  readonly amounts?: Amounts | undefined;
  /** False: it is taken back. */
  readonly given: boolean;
  /** The later event counts, in whichever order they arrive; of two at once, the one that takes back. Unix ms. */
  readonly asOfMs: number;
}

/** A grant, as all events about it say together. */
interface GrantState extends GrantEvent {
  /** How often it was given or taken back. */
  readonly turn: number;
}

/** Gives credits once, with no way to take them back. */
export async function giveCredits(
  to: CreditAccount,
  amounts: Amounts,
  ledger: Pick<Ledger, 'credit'>,
): Promise<void> {
  const units = CREDIT_UNITS.filter((unit) => amountIn(amounts, unit) > 0);
  await ledger.credit(randomUUID(), creditClaims(to, units), amounts);
}

/**
 * Applies what an event says about the grant `id`: its credits are given once, and taken back once, however often
 * events repeat, in whichever order, in any process, and after a crash. Returns whether they were given before.
 */
export async function applyGrant(
  to: CreditAccount,
  id: string,
  event: GrantEvent,
  ledger: Ledger,
): Promise<boolean> {
  const name = nameOf(to.account, id);
  const { before, after } = await decide(name, event, ledger);
  for (let state = after; ; ) {
    const target = state.given ? (state.amounts ?? NO_AMOUNTS) : NO_AMOUNTS;
    await post({ to, name, turn: state.turn }, target, ledger);
    // Another event may have come meanwhile.
    const now = (await stateOf(name, ledger))?.state ?? state;
    if (now.turn === state.turn) return before?.given === true;
    state = now;
  }
}

const PREFIX = 'credits:';
const ATTEMPTS_MAX = 20;

async function stateOf(name: string, { records }: Ledger) {
  const stored = await records.get(PREFIX + name);
  return stored && { state: JSON.parse(stored.value) as GrantState, version: stored.version };
}

/** Writes what is known after an event, unless that is known already. */
async function decide(
  name: string,
  event: GrantEvent,
  ledger: Ledger,
): Promise<{ readonly before: GrantState | undefined; readonly after: GrantState }> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const stored = await stateOf(name, ledger);
    const before = stored?.state;
    const after = before === undefined ? { ...event, turn: 0 } : afterEvent(before, event);
    if (after === before) return { before, after };
    const condition = { ifVersion: stored?.version ?? 0 };
    const isWritten = await ledger.records.put(PREFIX + name, JSON.stringify(after), condition);
    if (isWritten) return { before, after };
  }
  throw new Error('A grant kept changing during the write. Repeat the call.');
}

/** What an event says first about the amounts stays. */
function afterEvent(before: GrantState, event: GrantEvent): GrantState {
  const { asOfMs, given, turn } = before;
  const amounts = before.amounts ?? event.amounts;
  const isLater = event.asOfMs > asOfMs || (event.asOfMs === asOfMs && given && !event.given);
  if (isLater) {
    const turned = event.given === given ? turn : turn + 1;
    return { amounts, given: event.given, asOfMs: event.asOfMs, turn: turned };
  }
  return amounts === before.amounts ? before : { ...before, amounts };
}

/** Moves what is left of the credits of one account to another, once for each `id`. */
export async function moveCredits(
  from: CreditAccount,
  to: CreditAccount,
  id: string,
  ledger: Ledger,
): Promise<void> {
  const name = nameOf(from.account, id);
  const key = `${PREFIX}moved:${name}`;
  const left = JSON.stringify(await remainingOf(from, ledger));
  // What was left at the first attempt is moved, however many there are.
  await ledger.records.put(key, left, { ifVersion: 0 });
  const stored = await ledger.records.get(key);
  const moved = JSON.parse(stored?.value ?? left) as Amounts;
  const taken = amountsBy((unit) => -amountIn(moved, unit));
  await post({ to: from, name: `${name}:from`, turn: 0 }, taken, ledger);
  await post({ to, name: `${name}:to`, turn: 0 }, moved, ledger);
}

async function remainingOf(of: CreditAccount, ledger: Ledger): Promise<Amounts> {
  const claims = creditClaims(of);
  const balances = await ledger.read(claims);
  return amountsBy((unit) => {
    const place = claims.findIndex(({ rule }) => rule.unit === unit);
    return balances[place]?.remaining ?? 0;
  });
}

/** Ids are the app's, so they are hashed. */
function nameOf(account: string, id: string): string {
  return createHash('sha256')
    .update(JSON.stringify([account, id]))
    .digest('base64url');
}
