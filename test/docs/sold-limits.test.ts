import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { GuardOptions } from '../../src/index.ts';
import { memoryLedger } from '../../src/ledger/memory/memory-ledger.ts';
import { chat, codeOf, type Fixture, post, startFixture } from '../fixture.ts';
import { read } from './markdown.ts';

/**
 * Runs each row of the tables of `docs/limits.md`. To add a row: write it there, and its proof in `proofs` under the
 * text of its first column. A proof gets a guard with the options of the row, and what calls it.
 */

const SMALL = 'gpt-5-mini';
const LARGE = 'gpt-5';
const EMBEDDING = 'text-embedding-3-small';
/** A call of the small model costs two dollars, and next to nothing for its tokens. */
const prices = { [SMALL]: { tokens: { input: 0.001, output: 0.001 }, perRequest: 2 } };

/** It stands still, so that no window ends and no rate refills meanwhile. */
const NOW_MS = Date.now();
const clock = { nowMs: () => NOW_MS };

interface Row {
  readonly sold: string;
  readonly option: string;
  readonly code: string;
}

const ROW =
  /^\| (?<sold>[^|]+) \| `(?<option>plans\.\*\.limits|limits|groups)` \| `(?<code>[^`]+)` \|$/gm;
const rows = [...read('docs/limits.md').matchAll(ROW)].map(
  ({ groups }) => groups as unknown as Row,
);

/** The options that a row writes. */
function optionsOf({ option, code }: Row): Partial<GuardOptions<string, string, string>> {
  const written = runInThisContext(`(${code})`);
  const isOfPlan = option === 'plans.*.limits';
  const limits = isOfPlan ? written : [];
  const free = { models: [SMALL, LARGE, EMBEDDING], maxOutputTokens: 100, limits };
  const ledger = memoryLedger({ clock });
  return { plans: { free }, prices, clock, ledger, ...(!isOfPlan && { [option]: written }) };
}

const TEAM = { kind: 'team', id: 't1' };

class Caller {
  readonly fixture: Fixture;

  constructor(fixture: Fixture) {
    this.fixture = fixture;
  }

  /** Calls one after another; returns how many were served, and the code of the first that was not. */
  async count(
    calls: number,
    model = SMALL,
    user = 'ada',
  ): Promise<[served: number, code?: string]> {
    for (let served = 0; served < calls; served += 1) {
      const code = await this.#ask(model, user);
      if (code !== undefined) return [served, code];
    }
    return [calls];
  }

  async #ask(model: string, id: string): Promise<string | undefined> {
    const { guard, fake, settled } = this.fixture;
    const { value } = await guard.tokens.issue({ user: { id, groups: this.groups } });
    const before = settled.length;
    fake.scriptNext({ tokens: 2 });
    const answer =
      model === EMBEDDING
        ? await post(guard, value, { model, input: 'Hello.' }, '/v1/embeddings')
        : await post(guard, value, chat({ model }));
    if (!answer.ok) return codeOf(answer);
    await answer.text();
    await expect.poll(() => settled.length, { interval: 1 }).toBe(before + 1);
    return undefined;
  }

  groups: readonly { kind: string; id: string }[] = [];
}

const proofs: Readonly<Record<string, (caller: Caller) => Promise<void>>> = {
  async '50 calls of a small model and 5 of a large one a day'(caller) {
    expect(await caller.count(6, LARGE)).toEqual([5, 'quota_exceeded']);
    expect(await caller.count(51)).toEqual([50, 'quota_exceeded']);
  },
  async '15 calls a day, then bought credits'(caller) {
    expect(await caller.count(16)).toEqual([15, 'quota_exceeded']);
    const bought = { requests: 3, to: 'credits', id: 'pi_1' } as const;
    await caller.fixture.guard.users.grant('ada', bought);
    expect(await caller.count(4)).toEqual([3, 'quota_exceeded']);
  },
  async '20 calls in all, as a trial'(caller) {
    expect(await caller.count(21)).toEqual([20, 'quota_exceeded']);
    const { limits } = await caller.fixture.guard.users.usage('ada');
    expect(limits[0]?.resetsAtMs).toBeUndefined();
  },
  async 'only what was paid in advance, such as 5 dollars'(caller) {
    expect(await caller.count(1)).toEqual([0, 'budget_exceeded']);
    await caller.fixture.guard.users.grant('ada', { usd: 5, to: 'credits', id: 'pi_1' });
    expect(await caller.count(3)).toEqual([2, 'budget_exceeded']);
  },
  async '10 embeddings a day, whatever else is called'(caller) {
    expect(await caller.count(11, EMBEDDING)).toEqual([10, 'quota_exceeded']);
    expect(await caller.count(11)).toEqual([11]);
  },
  async '60 calls a minute, at most 10 at once'(caller) {
    expect(await caller.count(11)).toEqual([10, 'rate_limit_exceeded']);
  },
  async 'a team shares 100 dollars a month'(caller) {
    caller.groups = [TEAM];
    expect(await caller.count(25)).toEqual([25]);
    expect(await caller.count(25, SMALL, 'bob')).toEqual([24, 'group_limit_exceeded']);
  },
  async 'a limit that you try before you enforce it'(caller) {
    let wouldDeny = 0;
    caller.fixture.guard.on('would_deny', () => {
      wouldDeny += 1;
    });
    expect(await caller.count(17)).toEqual([17]);
    expect(wouldDeny).toBe(2);
  },
  async 'a warning at 80 percent'(caller) {
    const warned: unknown[] = [];
    caller.fixture.guard.on(
      'threshold',
      ({ fraction, used }) => void warned.push([fraction, used]),
    );
    expect(await caller.count(9)).toEqual([9]);
    await expect.poll(() => warned).toEqual([[0.8, 8]]);
  },
  async 'an alert on the burn rate of the global budget: 5 dollars in ten minutes'(caller) {
    const warned: unknown[] = [];
    caller.fixture.guard.on(
      'threshold',
      ({ level, fraction }) => void warned.push([level, fraction]),
    );
    expect(await caller.count(2)).toEqual([2]);
    expect(await caller.count(3, SMALL, 'bob')).toEqual([3]);
    await expect.poll(() => warned).toEqual([['global', 1]]);
  },
};

describe('What docs/limits.md says to write for what is sold', () => {
  it('has a proof for each row, and a row for each proof', () => {
    expect(rows.map(({ sold }) => sold)).toEqual(Object.keys(proofs));
  });

  it.each(rows)('$sold', async (row) => {
    await using fixture = await startFixture(optionsOf(row));
    await proofs[row.sold]?.(new Caller(fixture));
    const paid = fixture.settled.length;
    expect(fixture.fake.invoice).toHaveLength(paid);
  });
});
