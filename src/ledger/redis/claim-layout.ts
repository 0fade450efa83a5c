import { UNITS } from '../amounts.ts';
import { counterFor } from '../counting/counter-for.ts';
import type { Claim, RateRule, Rule } from '../ledger.ts';
import type { PlacedClaim } from './parts.ts';
import { FIRST_PLACE, KEPT_MS_MAX, SLOT_BYTES, slotOf, widthOf } from './script/layout.ts';

/** What stays the same for some claims from call to call: their rules without what these allow, and which of
 * them share an account. */
export interface ClaimLayout {
  readonly claims: readonly PlacedClaim[];
  /** The slots of each account, in a row. */
  readonly layouts: readonly Buffer[];
  /** The form that the script reads; see README.md. */
  readonly encoded: Buffer;
}

/** What is kept at least, however short a window is: ended ids and late settlements need it. */
const KEPT_MS_MIN = 172_800_000;
/** A hold stores their number in one byte. */
const CLAIMS_MAX = 255;
const CLAIM_BYTES = 30;

/** A node of a tree of rules. The plan of some claims is at the node that their rules lead to. */
interface Branch {
  plan: ClaimLayout | undefined;
  /** By the index of the next claim's account, then by its rule. */
  readonly next: WeakMap<Rule, Branch>[];
}

const root: Branch = { plan: undefined, next: [] };

/** Returns the plan of some claims, made once for the same rules, and the accounts that it is
 * applied to. */
export function claimLayoutOf(claims: readonly Claim[]): {
  plan: ClaimLayout;
  accounts: readonly string[];
} {
  const accounts: string[] = [];
  let branch = root;
  for (const { account, rule } of claims) {
    let index = accounts.indexOf(account);
    if (index < 0) index = accounts.push(account) - 1;
    branch = branchAfter(branch, index, laidOutAs(rule));
  }
  branch.plan ??= newPlan(claims, accounts);
  return { plan: branch.plan, accounts };
}

/** More than the rates of all plans and upstreams. */
const RATES_MAX = 1_000;
const firstRates = new Map<string, RateRule>();
const firstAlike = new WeakMap<RateRule, RateRule>();

/** Returns the same rule for rates that differ in their burst alone, such as those of one upstream. A reserve
 * names the burst, so these have one layout. */
function laidOutAs(rule: Rule): Rule {
  if (rule.kind !== 'rate') return rule;
  const known = firstAlike.get(rule);
  if (known !== undefined) return known;
  const name = JSON.stringify([rule.key, rule.unit, rule.amount, rule.periodMs]);
  const first = firstRates.get(name) ?? rule;
  if (firstRates.size >= RATES_MAX) firstRates.clear();
  firstRates.set(name, first);
  firstAlike.set(rule, first);
  return first;
}

function branchAfter({ next }: Branch, account: number, rule: Rule): Branch {
  let rules = next[account];
  if (rules === undefined) {
    rules = new WeakMap();
    next[account] = rules;
  }
  let branch = rules.get(rule);
  if (branch === undefined) {
    branch = { plan: undefined, next: [] };
    rules.set(rule, branch);
  }
  return branch;
}

function newPlan(claims: readonly Claim[], accounts: readonly string[]): ClaimLayout {
  if (claims.length > CLAIMS_MAX) {
    throw new TypeError(`"claims" must be at most ${CLAIMS_MAX}, not ${claims.length}`);
  }
  const slots = accounts.map((account) => slotsOf(claims, account));
  const planned = claims.map(({ account: name, rule }): PlacedClaim => {
    const account = accounts.indexOf(name);
    const slot = slotOf(rule);
    const place = placeOf(slots[account] ?? [], slot);
    return { rule, account, slot, place, credits: creditsOf(rule, name, claims) };
  });
  const layouts = slots.map((own) => Buffer.concat(own));
  return { claims: planned, layouts, encoded: encode(planned, layouts) };
}

/** Returns the index of the claim on credits that takes what does not fit in a rule, or that the rule is
 * itself; -1 if there is none. */
function creditsOf(rule: Rule, name: string, claims: readonly Claim[]): number {
  const { spills, isCredit } = counterFor(rule);
  if (!spills && !isCredit) return -1;
  return claims.findIndex(
    (other) =>
      other.account === name && other.rule.unit === rule.unit && counterFor(other.rule).isCredit,
  );
}

/** Returns the slots of one account, each once. */
function slotsOf(claims: readonly Claim[], name: string): Buffer[] {
  const slots: Buffer[] = [];
  for (const { account, rule } of claims) {
    if (account !== name) continue;
    const slot = slotOf(rule);
    if (!slots.some((other) => other.equals(slot))) slots.push(slot);
  }
  return slots;
}

function placeOf(slots: readonly Buffer[], slot: Buffer): number {
  let place = FIRST_PLACE;
  for (const other of slots) {
    if (other.equals(slot)) break;
    place += widthOf(other);
  }
  return place;
}

function encode(claims: readonly PlacedClaim[], layouts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(claims.length, 0);
  head.writeUInt16LE(layouts.length, 2);
  const keptMs = claims.map(({ rule }) => keptMsOf(rule));
  head.writeDoubleLE(Math.max(KEPT_MS_MIN, ...keptMs), 4);
  const ends = layouts.flatMap((layout) => {
    const slots = Buffer.alloc(2);
    slots.writeUInt16LE(layout.length / SLOT_BYTES);
    return [slots, layout];
  });
  return Buffer.concat([head, ...claims.map(encodeClaim), ...ends]);
}

/** For Lua, whose indexes begin with 1. */
function encodeClaim({ rule, account, slot, place, credits }: PlacedClaim): Buffer {
  const bytes = Buffer.alloc(CLAIM_BYTES);
  bytes[0] = account + 1;
  bytes[1] = UNITS.indexOf(rule.unit) + 1;
  bytes[2] = slot[0] ?? 0;
  bytes[3] = credits + 1;
  bytes.writeUInt16LE(place + 1, 4);
  for (const [index, term] of termsOf(rule).entries()) {
    bytes.writeDoubleLE(term, 6 + 8 * index);
  }
  return bytes;
}

/** Rolling: window. Calendar: start, end, next start. Rate: amount, period. */
function termsOf(rule: Rule): readonly [number, number, number] {
  switch (rule.kind) {
    case 'rolling':
      return [rule.windowMs, 0, 0];
    case 'calendar':
      return [rule.windows[0].startMs, rule.windows[0].endMs, rule.windows[1].startMs];
    case 'rate':
      return [rule.amount, rule.periodMs, 0];
    case 'concurrent':
    case 'balance':
      return [0, 0, 0];
  }
}

function keptMsOf(rule: Rule): number {
  switch (rule.kind) {
    case 'rolling':
      return 2 * rule.windowMs;
    case 'calendar':
      return 2 * (rule.windows[0].endMs - rule.windows[0].startMs);
    case 'rate':
      // The script keeps an account until its debts are paid.
      return 0;
    case 'concurrent':
      return 0;
    case 'balance':
      return KEPT_MS_MAX;
  }
}
