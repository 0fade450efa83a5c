/** The one upstream of a run: a fake OpenAI with limits, whose answers take as long as their calls ask. */
import { fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import type { Script } from '../../../src/testing/fake-openai/script.ts';
import { answerParent, argumentOf } from '../../measure/parent.ts';
import { LIMITS, type Scenario } from './scenarios.ts';

/** What the upstream has counted since it started. */
export interface UpstreamCounts {
  readonly atMs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly calls: number;
  readonly tokens: number;
}

/** The upstream is as used as it would be after a long run, and the ledger does not know it yet. */
const DRAINED = { requests: 0.88, tokens: 0.3 };
const HEADERS_MS = 300;
/** The pauses between the chunks of an answer: its text, its finish, its usage and its end. */
const PAUSES = 4;

const { foreign = 0, headers = true } = argumentOf<Scenario>();
const fake = await fakeOpenAI({ record: false, rateLimits: { ...LIMITS, headers } });
fake.rateLimits.drain(DRAINED);
fake.rateLimits.foreign(foreign);
fake.script('latency=', ({ bodyText }) => paced(bodyText));

answerParent({ baseURL: fake.baseURL }, (): UpstreamCounts => {
  const { accepted, refused } = fake.rateLimits;
  const { calls, inputTokens, outputTokens } = fake.totals();
  return { atMs: Date.now(), accepted, refused, calls, tokens: inputTokens + outputTokens };
});

function paced(bodyText: string): Script {
  const latencyMs = Number(/latency=(\d+)/.exec(bodyText)?.[1]);
  const answer = { tokens: 4, tokensPerChunk: 4 };
  if (!bodyText.includes('"stream":true')) return { ...answer, beforeHeaders: latencyMs };
  const betweenChunks = Math.max(0, latencyMs - HEADERS_MS) / PAUSES;
  return { ...answer, beforeHeaders: HEADERS_MS, betweenChunks };
}
