import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuardedCompletion, type Guard, toNodeHandler } from '../../src/index.ts';
import { nextSettled } from '../attacks/served.ts';
import { canaries, tokenOf } from '../fixture.ts';
import { hostRecordings } from './host-recordings.ts';
import { openAIRecordings } from './openai-recordings.ts';
import { nanoUsdOf, type Recording, rates, SEARCH_USD } from './recording.ts';
import { type Replay, replayUpstream } from './replay.ts';

const recordings = [...openAIRecordings, ...hostRecordings];
const CUTS = [1, 2, 3] as const;

/** The bytes, cut at places that the seed decides, 1 to 40 bytes apart. */
function cutBySeed(text: string, seed: number): Uint8Array[] {
  const bytes = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  let state = seed;
  for (let at = 0; at < bytes.length; ) {
    state = (state * 48_271) % 2_147_483_647;
    const end = at + 1 + (state % 40);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

const replayed = ({ contentType, body }: Recording, seed: number) => ({
  contentType,
  pieces: cutBySeed(body, seed),
});

let upstream: Replay;
let guard: Guard;
let origin: string;
let token: string;
const server = createServer((request, response) => void toNodeHandler(guard)(request, response));

beforeAll(async () => {
  upstream = await replayUpstream({ contentType: 'text/plain', pieces: [] });
  guard = createGuardedCompletion({
    apiKey: canaries.apiKey,
    secret: canaries.secret,
    baseURL: upstream.baseURL,
    prices: {
      plain: { tokens: rates },
      tiered: { tokens: rates, tiers: { priority: 2, flex: 0.5 } },
    },
    plans: {
      free: {
        models: ['*'],
        maxOutputTokens: 1_000,
        limits: [{ usd: 1_000, per: 'day' }],
        allow: {
          serviceTiers: ['default', 'priority', 'flex'],
          hostedTools: {
            web_search: { usdPerCall: SEARCH_USD, maxCalls: 5, inputTokensPerCall: 10 },
          },
        },
      },
    },
  });
  guard.on('failed', () => {});
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  token = await tokenOf(guard);
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await guard.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

describe('Answers of many hosts, in pieces of any size', () => {
  it('There are at least 40 of them, each with a name of its own', () => {
    expect(new Set(recordings.map(({ name }) => name)).size).toBe(recordings.length);
    expect(recordings.length).toBeGreaterThanOrEqual(40);
  });

  it.each(recordings)(
    'The answer passes unchanged, and its usage and charge are right: $name',
    async (recording) => {
      const { path, request, body, usage, charged, estimated } = recording;
      for (const seed of CUTS) {
        upstream.answer = replayed(recording, seed);
        const settled = nextSettled(guard, 'ada');
        const response = await fetch(`${origin}/v1${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(request),
        });
        expect([response.status, await response.text()]).toEqual([200, body]);
        const charge = await settled;
        const counts = Object.entries(charge.usage ?? {}).filter(([, count]) => count !== 0);
        const named = Object.entries(usage).filter(([, count]) => count !== 0);
        expect(Object.fromEntries(counts)).toEqual(Object.fromEntries(named));
        expect([charge.costNanoUsd, charge.estimated]).toEqual([nanoUsdOf(charged), estimated]);
      }
    },
  );
});
