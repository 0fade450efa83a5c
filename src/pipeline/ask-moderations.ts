import * as z from 'zod';
import { isPromiseLike } from '../base/deadline.ts';
import { isDenial } from '../core/denial.ts';
import { parseJson } from '../core/json.ts';
import { moderations } from '../openai/endpoints/moderations.ts';
import { collect } from '../upstream/collect.ts';
import { takes } from '../upstream/dialects/takes.ts';
import type { Target } from '../upstream/target.ts';
import { UpstreamError } from '../upstream/transport.ts';
import type { ModerationInput, ModerationResult } from './hook.ts';
import type { RouteParts } from './route.ts';
import type { Authorized } from './states.ts';

const MODEL = 'omni-moderation-latest';
/** A request has at most so many bytes: as many as the largest image that OpenAI takes, as a data URL. */
const INPUT_BYTES_MAX = 32 * 1024 * 1024;
const ANSWER_BYTES_MAX = 1024 * 1024;

const result = z.object({
  flagged: z.boolean(),
  categories: z.record(z.string(), z.boolean().nullable().transform(Boolean)),
  category_scores: z.record(z.string(), z.number()),
});
const answer = z.object({ results: z.array(result).min(1) });

/**
 * Asks the moderation endpoint of the upstream that this user prefers. It is free, so nothing is held or
 * counted, and OpenAI takes no end-user id there. `signal` ends it.
 */
export async function askModerations(
  { identity, plan }: Authorized,
  input: ModerationInput,
  signal: AbortSignal,
  parts: RouteParts,
): Promise<readonly ModerationResult[]> {
  const body = JSON.stringify({ model: MODEL, input });
  if (body.length > INPUT_BYTES_MAX) throw new RangeError('The input to moderate is too large.');
  const { upstream, model } = targetOf(identity.user.id, parts);
  const key = upstream.keys.keyFor(identity.user, plan.name);
  const { headers, redaction } = isPromiseLike(key) ? await key : key;
  signal.throwIfAborted();
  const path = upstream.pathOf(moderations.path, model);
  const asked = upstream.transport.send({ path, headers, body });
  const cancel = () => asked.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const reply = await asked.reply;
    const text = Buffer.from(await collect(reply.body, ANSWER_BYTES_MAX)).toString();
    const parsed = answer.safeParse(parseJson(text));
    if (reply.status === 200 && parsed.success) return parsed.data.results;
    throw new Error(`The moderation endpoint answered with status ${reply.status}.`);
  } catch (error) {
    throw error instanceof UpstreamError ? redaction.failure(error) : error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function targetOf(userId: string, { upstreams }: RouteParts): Target {
  const targets = upstreams.routeOf(MODEL)?.targetsFor(userId) ?? [];
  const found = targets.find(
    ({ upstream, model }) => !isDenial(takes(upstream.dialect, moderations, {}, model)),
  );
  if (found !== undefined) return found;
  throw new Error(`No upstream serves "${MODEL}", so nothing can be moderated.`);
}
