/**
 * `node bench/counting/main.ts`: how long texts take to count, and how long the main thread is held up
 * meanwhile. Targets: at most 300 ms for any text, and a loop delay of at most 20 ms (p99).
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '../../src/base/clock.ts';
import { TokenCounter } from '../../src/openai/counting/token-counter.ts';
import { hardTexts, usualTexts } from '../../test/openai/counting/texts.ts';

const BYTES = [8_000, 200_000, 1_000_000] as const;
const encodings = ['o200k_base'] as const;
const counter = new TokenCounter(systemClock, (error) => {
  throw error;
});

interface Counted {
  readonly ms: number;
  readonly tokens: number | undefined;
}

async function count(json: string): Promise<Counted> {
  const startedMs = performance.now();
  const tokens = await counter.count({ json, encodings });
  return { ms: performance.now() - startedMs, tokens };
}

const first = await count('{}');
console.log(`The first count, which starts the thread: ${first.ms.toFixed(0)} ms\n`);
console.log('| text | bytes | ms | counted ÷ bytes |\n| --- | ---: | ---: | ---: |');
let worstMs = 0;
for (const [kind, make] of Object.entries({ ...usualTexts, ...hardTexts })) {
  for (const bytes of BYTES) {
    const json = JSON.stringify({ input: make(bytes) });
    const { ms, tokens = Number.NaN } = await count(json);
    worstMs = Math.max(worstMs, ms);
    const share = tokens / Buffer.byteLength(json);
    console.log(`| ${kind} | ${bytes} | ${ms.toFixed(0)} | ${share.toFixed(2)} |`);
  }
}
console.log(`\nThe longest count: ${worstMs.toFixed(0)} ms`);

const texts = Object.values(hardTexts).map((make) => JSON.stringify({ input: make(200_000) }));
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
await Promise.all(texts.slice(0, 8).map(count));
delay.disable();
const p99Ms = delay.percentile(99) / 1e6;
console.log(`The delay of the main loop while eight texts are counted: p99 ${p99Ms.toFixed(1)} ms`);
await counter.close();
