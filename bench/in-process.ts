import OpenAI from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { benchGuard } from './contenders/bench-guard.ts';
import { median } from './load.ts';
import { answerBody, chatBody } from './workload.ts';

/** µs per `chat.completions.create` of the official SDK on a stub `fetch`. */
export interface InProcessFigures {
  readonly plain: number;
  readonly guarded: number;
  /** What the guard adds, as a part of `plain`; the median of the ratios within each round. */
  readonly added: number;
}

const HEADERS = { 'content-type': 'application/json', 'x-request-id': 'req_example' };
const WARM_ROUNDS = 2;

/** Calls with and without the guard in turn, so that both share good and bad moments. */
export async function benchInProcess(rounds: number, calls: number): Promise<InProcessFigures> {
  const stub = async () => new Response(answerBody, { headers: HEADERS });
  const plain = new OpenAI({ apiKey: 'sk-example', fetch: stub });
  const guard = benchGuard({ fetch: stub });
  const guarded = guard.client('ada');
  const samples: { plain: number; guarded: number }[] = [];
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    const sample = {
      plain: await timeCalls(plain, calls),
      guarded: await timeCalls(guarded, calls),
    };
    if (round >= 0) samples.push(sample);
  }
  await guard.close();
  return {
    plain: median(samples.map((sample) => sample.plain)),
    guarded: median(samples.map((sample) => sample.guarded)),
    added: median(samples.map((sample) => sample.guarded / sample.plain - 1)),
  };
}

async function timeCalls(openai: OpenAI, calls: number): Promise<number> {
  const params: ChatCompletionCreateParamsNonStreaming = JSON.parse(chatBody({ stream: false }));
  const startedAtMs = performance.now();
  for (let call = 0; call < calls; call += 1) await openai.chat.completions.create(params);
  return ((performance.now() - startedAtMs) * 1000) / calls;
}
