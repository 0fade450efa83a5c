import fc from 'fast-check';
import { expect } from 'vitest';
import {
  createGuardedCompletion,
  type GuardOptions,
  type SettledEvent,
} from '../../../src/index.ts';
import { canaries } from '../../fixture.ts';
import { spiedLedger } from '../spied-ledger.ts';
import { type Dearest, dearestAnswer } from './answers.ts';
import { type Asked, requests } from './requests.ts';

const plan: GuardOptions['plans'][string] = {
  models: ['*'],
  maxOutputTokens: 2_000,
  maxChoices: 4,
  limits: [{ usd: 1e6, per: 'day' }],
  allow: {
    images: {},
    audio: {},
    audioOutput: true,
    serviceTiers: ['priority', 'flex'],
    vectorStores: ['vs_1'],
    mcpServers: ['https://mcp.test/'],
    stateful: {},
    hostedTools: {
      web_search: { maxCalls: 3 },
      file_search: { maxCalls: 2 },
      code_interpreter: { maxCalls: 2, memory: ['1g', '4g', '16g'] },
      image_generation: {
        maxCalls: 2,
        quality: ['high', 'low'],
        sizes: ['1024x1024', '1536x1024'],
      },
      mcp: { maxCalls: 4 },
    },
  },
};

/** Makes that many random calls against an OpenAI that always answers in the dearest way. */
export async function assertBounds(runs: number): Promise<void> {
  const ledger = spiedLedger();
  let dearest: Dearest | undefined;
  const guard = createGuardedCompletion({
    apiKey: canaries.apiKey,
    secret: canaries.secret,
    plans: { free: plan },
    ledger,
    fetch: async (url, init) => {
      const path = new URL(String(url)).pathname.replace('/v1', '');
      dearest = dearestAnswer(path, JSON.parse(String(init?.body)));
      return dearest.answer;
    },
  });
  let onSettled = (_: SettledEvent) => {};
  const failures: unknown[] = [];
  guard.on('settled', (event) => onSettled(event));
  guard.on('failed', ({ error }) => void failures.push(error));
  const ask = guard.fetchAs('ada');
  const property = fc.asyncProperty(requests, async ({ path, body }: Asked) => {
    for (const seen of [failures, ledger.reserved]) seen.length = 0;
    const settled = new Promise<SettledEvent>((resolve) => {
      onSettled = resolve;
    });
    const response = await ask(`https://api.openai.com/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    expect([response.status, answer.slice(0, 300)]).toEqual([200, answer.slice(0, 300)]);
    const charge = await settled;
    const held = ledger.reserved.at(-1)?.held;
    if (held === undefined || dearest === undefined) throw new Error('Nothing was held.');
    const { inputTokens, outputTokens, usd } = dearest.worst;
    expect(held.inputTokens).toBeGreaterThanOrEqual(inputTokens);
    expect(held.outputTokens).toBeGreaterThanOrEqual(outputTokens);
    expect(charge).toMatchObject({ inputTokens, outputTokens, estimated: false });
    // Dollars are floating-point numbers.
    expect(charge.costNanoUsd).toBeGreaterThanOrEqual(Math.floor(usd * 1e9 - 1e-3));
    expect(held.nanoUsd).toBeGreaterThanOrEqual(charge.costNanoUsd);
    expect(failures).toEqual([]);
  });
  await fc.assert(property, { numRuns: runs });
  await guard.close({ graceMs: 0 });
}
