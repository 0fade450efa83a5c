import { z } from 'zod';
import { parseJson } from '../core/json.ts';
import { collect } from '../upstream/collect.ts';
import type { Transport } from '../upstream/transport.ts';
import type { UpstreamKeys } from '../upstream/upstream-keys.ts';
import type { Authorized } from './states.ts';

export interface CountAtOpenAIParts {
  readonly upstream: Transport;
  readonly upstreamKeys: UpstreamKeys;
}

const COUNT_MS_MAX = 5_000;
const ANSWER_BYTES_MAX = 64 * 1024;
const answer = z.object({ input_tokens: z.int().min(0) });

/** Whether only OpenAI can count a call: the model reads files, once, and nothing that is stored. */
export function needsOpenAIToCount({ endpoint, built }: Authorized): boolean {
  const hasFiles = (built.media?.files ?? 0) > 0;
  const names = built.usesState || built.body['prompt'] !== undefined;
  return endpoint.inputCount !== undefined && hasFiles && !names && built.inputRounds === 1;
}

/** Returns the input tokens of a call as OpenAI counts them; `undefined` if it does not in time. */
export async function countAtOpenAI(
  call: Authorized,
  parts: CountAtOpenAIParts,
): Promise<number | undefined> {
  try {
    return await count(call, parts);
  } catch {
    return undefined;
  }
}

async function count(
  { endpoint, built, identity, plan }: Authorized,
  { upstream, upstreamKeys }: CountAtOpenAIParts,
): Promise<number | undefined> {
  const { inputCount } = endpoint;
  if (inputCount === undefined) return undefined;
  const { path, fields } = inputCount;
  const { headers } = await upstreamKeys.keyFor(identity.user, plan.name);
  const sent = Object.entries(built.body).filter(([field]) => fields.includes(field));
  const asked = upstream.send({ path, headers, body: JSON.stringify(Object.fromEntries(sent)) });
  const late = setTimeout(() => asked.cancel(), COUNT_MS_MAX);
  try {
    const reply = await asked.reply;
    const bytes = await collect(reply.body, ANSWER_BYTES_MAX);
    const parsed = answer.safeParse(parseJson(Buffer.from(bytes).toString()));
    return reply.status === 200 && parsed.success ? parsed.data.input_tokens : undefined;
  } finally {
    clearTimeout(late);
  }
}
