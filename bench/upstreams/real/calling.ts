import { setTimeout as sleep } from 'node:timers/promises';
import type { Choices } from '../../../test/soak/random.ts';
import { MEAN_TOKENS } from './scenarios.ts';

/** What became of one call, as its client saw it. Times are Unix ms. */
export interface CallRecord {
  readonly user: string;
  readonly status: number;
  /** The code of a denial; empty for an answer. */
  readonly code: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** The header `x-guard-waited-ms`; 0 without it. */
  readonly waitedMs: number;
}

interface Calling {
  readonly perMinute: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly random: Choices;
}

interface OneCall {
  readonly user: string;
  readonly latencyMs: number;
  /** What the upstream counts of the call. */
  readonly tokens: number;
}

/** Makes calls at random times (Poisson), and waits for all of them. */
export async function callsOf(
  { perMinute, startsAtMs, endsAtMs, random }: Calling,
  call: (latencyMs: number, tokens: number) => Promise<CallRecord>,
): Promise<CallRecord[]> {
  const calls: Promise<CallRecord>[] = [];
  let atMs = startsAtMs;
  for (;;) {
    atMs += exponential(random) * (60_000 / perMinute);
    if (atMs >= endsAtMs) return Promise.all(calls);
    await sleep(Math.max(0, atMs - Date.now()));
    const latencyMs = Math.round(200 * 20 ** random.next());
    const tokens = Math.max(40, Math.round(MEAN_TOKENS * Math.exp(0.8 * gaussian(random) - 0.32)));
    calls.push(call(latencyMs, tokens));
  }
}

/** An answer that takes longer is a stream, whose headers come early. */
const STREAMS_FROM_MS = 1_500;

export async function callOnce(
  fetchAs: typeof globalThis.fetch,
  { user, latencyMs, tokens }: OneCall,
): Promise<CallRecord> {
  const startedAtMs = Date.now();
  const cap = Math.max(16, Math.round(tokens * 0.6));
  const content = `latency=${latencyMs};`.padEnd(Math.max(0, (tokens - cap) * 4 - 4), 'x');
  const response = await fetchAs('https://api.openai.com/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content }],
      max_completion_tokens: cap,
      ...(latencyMs >= STREAMS_FROM_MS && { stream: true }),
    }),
  });
  const text = await response.text();
  const { status, headers } = response;
  const waitedMs = Number(headers.get('x-guard-waited-ms') ?? 0);
  const code = status === 200 ? '' : codeIn(text);
  return { user, status, code, startedAtMs, endedAtMs: Date.now(), waitedMs };
}

function codeIn(text: string): string {
  const { error } = JSON.parse(text) as { error: { code: string | null } };
  return error.code ?? 'no code';
}

const exponential = (random: Choices): number => -Math.log(1 - random.next());

/** Box and Muller, 1958. */
const gaussian = (random: Choices): number =>
  Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random.next());
