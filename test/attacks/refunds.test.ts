import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorReply, openAIErrors } from '../../src/testing/fake-openai/error-replies.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { limitCounts, nextEnding } from './served.ts';

const plans = {
  free: {
    models: [MODEL],
    maxOutputTokens: 200,
    limits: [
      { requests: 100_000, per: '24h' },
      { tokens: 100_000_000, per: '24h' },
      { usd: 1_000, per: 'day' },
    ],
  },
};

interface Case {
  readonly name: string;
  readonly script: Script;
  /** Whether OpenAI provably started no work. */
  readonly free: boolean;
  /** Whether it counts as a request although it is free: its content was refused. */
  readonly counts?: boolean;
  readonly stream?: boolean;
}

const refused = (status: number) => errorReply(status, 'server_error', null, 'no');
const cases: readonly Case[] = [
  { name: 'answered', script: {}, free: false },
  { name: 'streamed', script: {}, free: false, stream: true },
  { name: '400', script: { reply: refused(400) }, free: true, counts: true },
  { name: '404', script: { reply: refused(404) }, free: true, counts: true },
  { name: '429, then answered', script: { reply: openAIErrors.rateLimited(0.001) }, free: false },
  { name: 'out of credit', script: { reply: openAIErrors.insufficientQuota() }, free: true },
  { name: '500', script: { reply: openAIErrors.serverError() }, free: true },
  { name: 'redirect', script: { reply: { status: 307, headers: { location: '/' } } }, free: true },
  { name: 'reset, unanswered', script: { break: { with: 'reset' } }, free: false },
  {
    name: 'reset',
    script: { break: { with: 'reset', afterChunks: 3 } },
    free: false,
    stream: true,
  },
  { name: 'end', script: { break: { with: 'eof', afterChunks: 3 } }, free: false, stream: true },
  { name: 'half a body', script: { break: { with: 'reset', afterChunks: 2 } }, free: false },
  {
    name: 'error event',
    script: { break: { with: 'error-event', afterChunks: 2 } },
    free: false,
    stream: true,
  },
  { name: 'HTML', script: { reply: { body: '<html>', billed: true } }, free: false },
  { name: 'no usage', script: { usage: 'missing' }, free: false },
  { name: 'no usage', script: { usage: 'missing' }, free: false, stream: true },
  { name: 'negative usage', script: { usage: { prompt_tokens: -9_000 } }, free: false },
  { name: 'other tier', script: { serviceTier: 'priority' }, free: false },
];

describe('The balance after a call, however it ends', () => {
  it('A balance never rises, no hold remains, and OpenAI’s invoice is covered', async () => {
    await using fixture = await startFixture({ plans, capacity: false });
    const { fake, guard } = fixture;
    let serial = 0;
    const property = fc.asyncProperty(
      fc.array(fc.constantFrom(...cases), { minLength: 1, maxLength: 8 }),
      async (sequence) => {
        serial += 1;
        const user = `user-${serial}`;
        const token = await tokenOf(guard, user);
        const linesBefore = fake.invoice.length;
        let before = await balances(guard, user);
        for (const { name, script, free, counts = !free, stream = false } of sequence) {
          fake.scriptNext(script);
          const ending = nextEnding(guard, user);
          const response = await post(guard, token, chat({ stream }));
          await response.text().catch(() => 'broken');
          expect([name, 'settled' in (await ending)]).toEqual([name, counts]);
          const after = await balances(guard, user);
          for (const [unit, { used, held }] of Object.entries(after)) {
            expect([name, unit, held]).toEqual([name, unit, 0]);
            const rises = unit === 'requests' ? counts : !free;
            if (!rises) expect([name, used]).toEqual([name, before[unit]?.used]);
            else expect(used).toBeGreaterThan(before[unit]?.used ?? 0);
          }
          before = after;
        }
        const lines = fake.invoice.slice(linesBefore);
        const invoiced = lines.reduce((sum, line) => sum + line.inputTokens + line.outputTokens, 0);
        const usd = lines.reduce((sum, line) => sum + (line.costUsd ?? Infinity), 0);
        expect(before['tokens']?.used).toBeGreaterThanOrEqual(invoiced);
        expect(before['usd']?.used).toBeGreaterThanOrEqual(usd - 1e-12);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  it.each(['answered', 'streamed'])(
    'A call that was %s is charged exactly what OpenAI invoices',
    async (name) => {
      await using fixture = await startFixture({ plans });
      const { fake, guard } = fixture;
      const ending = nextEnding(guard, 'ada');
      const stream = name === 'streamed';
      await (await post(guard, await tokenOf(guard), chat({ stream }))).text();
      const [line] = fake.invoice;
      const usd = line?.costUsd ?? Number.NaN;
      expect(await ending).toMatchObject({
        settled: {
          inputTokens: line?.inputTokens,
          outputTokens: line?.outputTokens,
          costNanoUsd: Math.ceil(Math.round(usd * 1e12) / 1e3),
          estimated: false,
        },
      });
    },
  );
});

async function balances(guard: Parameters<typeof limitCounts>[0], user: string) {
  const units = ['requests', 'tokens', 'usd'] as const;
  const rows = units.map(async (unit) => [unit, await limitCounts(guard, user, unit)] as const);
  return Object.fromEntries(await Promise.all(rows)) as Record<
    string,
    { used: number; held: number }
  >;
}
