import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openAIErrors, redirectTo } from '../../src/testing/fake-openai/error-replies.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { limitCounts, nextEnding } from '../attacks/served.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { watchedLedger } from './watched-ledger.ts';

const plans = {
  free: {
    models: [MODEL],
    maxOutputTokens: 100,
    limits: [
      { requests: 1_000_000, per: '24h' },
      { tokens: 1_000_000_000, per: '24h' },
      { concurrent: 1 },
    ],
  },
};

const breaks = fc.record({
  with: fc.constantFrom('eof', 'reset', 'half-close', 'error-event'),
  afterChunks: fc.option(fc.nat(8), { nil: undefined }),
});
/** Without the limits of an account, which would be learned. Cut off, every 429 only says when to come back. */
const soon = { headers: { 'retry-after-ms': '1' } };
const replies = fc.constantFrom(
  { ...openAIErrors.rateLimited(), ...soon },
  { ...openAIErrors.insufficientQuota(), ...soon },
  openAIErrors.serverError(),
  redirectTo('/v1/elsewhere'),
  { status: 200, body: 'no JSON', billed: true },
  { status: 204 },
  {
    status: 200,
    body: 'data: [DONE]\n\n',
    headers: { 'content-type': 'text/event-stream' },
    billed: true,
  },
);
const usages = fc.constantFrom(
  'missing' as const,
  null,
  { completion_tokens: -1 },
  { prompt_tokens: 1e9 },
);

const scripts: fc.Arbitrary<Script> = fc
  .record(
    {
      text: fc.constantFrom('', 'one two three four five', 'ä漢字 \u2028'),
      break: breaks,
      reply: replies,
      usage: usages,
      usageIn: fc.constantFrom('own-chunk', 'every-chunk', 'finish-chunk', 'after-done'),
      cuts: fc.integer({ min: 1, max: 200 }),
    },
    { requiredKeys: [] },
  )
  .map((script) => script as Script);

const calls = fc.record({
  script: scripts,
  stream: fc.boolean(),
  usageShown: fc.boolean(),
  /** The number of reads after which the client disconnects. If `undefined`, it stays. */
  leavesAfter: fc.option(fc.nat(4), { nil: undefined }),
});

describe('Random behaviour of OpenAI and the client', () => {
  it('Every hold ends exactly once, frees its slot and leaves nothing held, whatever OpenAI and the client do', async () => {
    const ledger = watchedLedger();
    await using fixture = await startFixture({ plans, ledger, capacity: false });
    const { fake, guard } = fixture;
    const property = fc.asyncProperty(calls, async (call) => {
      const user = `user-${ledger.endings.size}`;
      const token = await tokenOf(guard, user);
      const holds = ledger.endings.size;
      const ending = nextEnding(guard, user);
      fake.scriptNext(call.script);
      const usage = call.usageShown && { stream_options: { include_usage: true } };
      const body = chat(call.stream ? { stream: true, ...usage } : {});
      await take(await post(guard, token, body), call.leavesAfter);
      const settled = 'settled' in (await ending);
      await fake.idle();
      const ends = [...ledger.endings.values()].slice(holds);
      expect(ends).toEqual([[settled ? 'settle' : 'release']]);
      expect(await limitCounts(guard, user)).toEqual({ used: settled ? 1 : 0, held: 0 });
      expect((await limitCounts(guard, user, 'tokens')).held).toBe(0);
      expect(await limitCounts(guard, user, 'concurrent')).toEqual({ used: 0, held: 0 });
    });
    await fc.assert(property, { numRuns: 200 });
    expect([...ledger.endings.values()].filter((ends) => ends.length !== 1)).toEqual([]);
    expect(fixture.settled.length + fixture.released.length).toBe(ledger.endings.size);
  });
});

/** Reads an answer to its end, or disconnects after `leavesAfter` reads. */
async function take(answer: Response, leavesAfter: number | undefined): Promise<void> {
  if (leavesAfter === undefined || answer.body === null) {
    await answer.text().catch(() => 'broken');
    return;
  }
  const reader = answer.body.getReader();
  for (let read = 0; read < leavesAfter; read += 1) await reader.read();
  await reader.cancel();
}
