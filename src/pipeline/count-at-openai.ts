import * as z from 'zod';
import { parseJson } from '../core/json.ts';
import { collect } from '../upstream/collect.ts';
import type { Authorized } from './states.ts';

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
export async function countAtOpenAI(call: Authorized): Promise<number | undefined> {
  try {
    return await count(call);
  } catch {
    return undefined;
  }
}

async function count(call: Authorized): Promise<number | undefined> {
  const { endpoint, built, identity, plan, route } = call;
  const { inputCount } = endpoint;
  const [target] = route.targetsFor(identity.user.id);
  if (inputCount === undefined || target === undefined) return undefined;
  const { fields } = inputCount;
  const { transport, keys, pathOf } = target.upstream;
  const path = pathOf(inputCount.path, target.model);
  const { headers } = await keys.keyFor(identity.user, plan.name);
  const sent = Object.entries(built.body).filter(([field]) => fields.includes(field));
  const asked = transport.send({ path, headers, body: JSON.stringify(Object.fromEntries(sent)) });
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
