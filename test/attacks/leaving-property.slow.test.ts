import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Guard, GuardOptions, SettledEvent } from '../../src/index.ts';
import type { FakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import type { Gate } from '../../src/testing/fake-openai/gate.ts';
import type { InvoiceLine } from '../../src/testing/fake-openai/invoice.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { everyStore } from '../faults/killed/every-store.ts';
import { PATIENCE, withVerbs } from '../faults/killed/place.ts';
import { startStores } from '../faults/killed/stores.ts';
import { ownTime, passUntil } from '../faults/own-time.ts';
import { startFixture } from '../fixture.ts';
import { leave, leavesOpenAI, takesTime, type Way, ways } from './leaving.ts';
import { limitCounts, nextSettled, serveFixture } from './served.ts';

const OUTPUT_MAX = 2_000;
const plans: GuardOptions['plans'] = {
  free: {
    models: ['*'],
    maxOutputTokens: OUTPUT_MAX,
    limits: [
      { requests: 10_000, per: 'day' },
      { tokens: 10_000_000, per: 'day' },
      { usd: 10_000, per: 'day' },
      { concurrent: 2 },
    ],
  },
};

const timeouts = { ledger: PATIENCE };
const SHOWS_ALL = 'gpt-4o';
interface LeftCall {
  readonly way: Way;
  readonly model: string;
  readonly endpoint: keyof typeof wires;
  readonly stream: boolean;
  readonly reasoningTokens: number;
  /**
   * The number of frames that OpenAI sends before the call is left. With 0 it sends no headers
   * either.
   */
  readonly frames: number;
  readonly usageIn: 'own-chunk' | 'every-chunk' | 'finish-chunk';
  readonly onDisconnect: 'abort' | 'drain';
  readonly drainsPerUser: number;
}
const calls: fc.Arbitrary<LeftCall> = fc.record({
  way: fc.constantFrom(...ways),
  model: fc.constantFrom('gpt-5-mini', 'gpt-5.5', 'o4-mini', SHOWS_ALL),
  endpoint: fc.constantFrom('chat', 'responses', 'completions'),
  stream: fc.boolean(),
  reasoningTokens: fc.nat(OUTPUT_MAX - 100),
  frames: fc.nat(14),
  usageIn: fc.constantFrom('own-chunk', 'every-chunk', 'finish-chunk'),
  onDisconnect: fc.constantFrom('abort', 'drain'),
  drainsPerUser: fc.constantFrom(0, 1),
});

const stores = await startStores();
afterAll(() => stores[Symbol.asyncDispose]());
const runsOn = (store: string) => (store === 'memory' ? 120 : 40);

describe.each(everyStore(stores))('A call on $store that ends before its usage is known', (row) => {
  it('The charge is at least what OpenAI bills, and exactly that when the call was drained', {
    timeout: 60_000,
  }, async () => {
    const { ledger, close } = await row.open();
    // Each guard closes its ledger. This ledger serves all guards, so closing it does nothing.
    const kept = withVerbs(ledger, { close: async () => {} });
    // Also reads what a closed guard left behind.
    await using reader = await startFixture({ plans, ledger: kept, timeouts });
    const charges: SettledEvent[] = [];
    const property = fc.asyncProperty(calls, async (call) => {
      charges.push(await assertCharge(call, kept, reader.guard));
    });
    await fc.assert(property, { numRuns: runsOn(row.store) });
    expect(new Set(charges.map(({ estimated }) => estimated))).toEqual(new Set([true, false]));
    await close();
  });
});

let users = 0;

async function assertCharge(
  call: LeftCall,
  ledger: NonNullable<GuardOptions['ledger']>,
  reader: Guard,
): Promise<SettledEvent> {
  const user = `user-${users++}`;
  const { way, onDisconnect, drainsPerUser } = call;
  using time = ownTime();
  await using served = await serveFixture({
    plans,
    ledger,
    onDisconnect,
    bounds: { drainsPerUser },
    timeouts,
    clock: time.clock,
  });
  const { fake, guard } = served;
  const gate = fake.gate();
  fake.scriptNext(scriptOf(call, gate));
  const settled = nextSettled(guard, user);
  const frames = call.stream ? call.frames : 0;
  const arrived = () => framesSent(fake, gate, frames);
  await leave({ served, time, user, way, ...wireOf(call), arrived });
  // A cut call stays behind the gate. A call that goes on without its client ends behind it.
  const isDrained = leavesOpenAI.has(way) && onDisconnect === 'drain' && drainsPerUser > 0;
  if (isDrained || way === 'the client never reads') gate.open();
  if (takesTime.has(way)) await passUntil(settled, time);
  const charge = await settled;
  gate.open();
  await fake.idle();
  const [line] = fake.invoice;
  if (line === undefined) throw new Error('OpenAI has billed nothing.');
  assertCovers(charge, line, isDrained);
  const used = charge.inputTokens + charge.outputTokens;
  expect(await limitCounts(reader, user, 'tokens')).toEqual({ used, held: 0 });
  expect(await limitCounts(reader, user, 'concurrent')).toEqual({ used: 0, held: 0 });
  return charge;
}

const prompt = 'How deep is the sea?';
/** Each endpoint that writes tokens, with its prompt. */
const wires = {
  chat: { path: '/v1/chat/completions', more: { messages: [{ role: 'user', content: prompt }] } },
  responses: { path: '/v1/responses', more: { input: prompt } },
  completions: { path: '/v1/completions', more: { prompt, max_tokens: OUTPUT_MAX } },
} as const;

function wireOf({ endpoint, model, stream }: LeftCall): { path: string; body: string } {
  const { path, more } = wires[endpoint];
  return { path, body: JSON.stringify({ model, stream, ...more }) };
}

function scriptOf(call: LeftCall, gate: Gate): Script {
  const { way, model, stream, frames, usageIn } = call;
  // No model of legacy completions reasons.
  const reasons = model !== SHOWS_ALL && call.endpoint !== 'completions';
  const reasoningTokens = reasons ? call.reasoningTokens : 0;
  const plain = { text: 'one two three four five', reasoningTokens, usageIn };
  const afterChunks = stream ? frames : 0;
  if (way === 'OpenAI ends early') return { ...plain, break: { with: 'eof', afterChunks } };
  if (way === 'OpenAI resets its connection') {
    return { ...plain, break: { with: 'reset', afterChunks } };
  }
  const isBeforeHeaders = !stream || frames === 0;
  return { ...plain, [isBeforeHeaders ? 'beforeHeaders' : 'betweenChunks']: gate };
}

/** Lets the given number of frames pass. The first frame of a stream does not wait. */
async function framesSent(fake: FakeOpenAI, gate: Gate, frames: number): Promise<void> {
  await fake.received(1);
  for (let frame = 1; frame < frames; frame += 1) {
    await Promise.race([gate.arrived(), fake.idle()]);
    gate.pass();
  }
  await Promise.race([gate.arrived(), fake.idle()]);
}

function assertCovers(charge: SettledEvent, line: InvoiceLine, isDrained: boolean): void {
  const billedNanoUsd = Math.ceil((line.costUsd ?? Number.NaN) * 1e9 - 1e-3);
  expect(charge.inputTokens).toBeGreaterThanOrEqual(line.inputTokens);
  expect(charge.outputTokens).toBeGreaterThanOrEqual(line.outputTokens);
  expect(charge.costNanoUsd).toBeGreaterThanOrEqual(billedNanoUsd);
  if (!isDrained) return;
  const { inputTokens, outputTokens } = line;
  expect(charge).toMatchObject({ estimated: false, inputTokens, outputTokens });
  expect(charge.costNanoUsd).toBe(billedNanoUsd);
}
