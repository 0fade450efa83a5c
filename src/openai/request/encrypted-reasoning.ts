import type { WireError } from '../answer/wire-error.ts';
import { baseModel } from '../prices/model-names.ts';
import type { JsonObject } from './wire-check.ts';

const INCLUDED = 'reasoning.encrypted_content';

/** OpenAI's naming of models that write text (the `openai` package 7.59.0, `ResponsesModel`, 2026-11). */
const OF_OPENAI = /^(?:o\d|gpt-|chatgpt-|codex-|computer-use-)/;

/**
 * Those that do not reason: all before GPT-5, the chat model of GPT-5, audio, and the open weights, whose
 * reasoning is not encrypted. OpenAI refuses gpt-4o, gpt-4.1 and gpt-5-chat-latest (public issues of 2025-09
 * to 2026-06).
 */
const WITHOUT_REASONING = /^(?:gpt-(?:3|4|5-chat|audio|realtime|oss)|chatgpt-)/;

/** Before the name, at hosts that serve models of several vendors. */
const VENDOR = /^openai\//;

/**
 * Returns whether a model may return its reasoning encrypted, by its name. A name of OpenAI's that is not
 * known counts as one that does: every model since GPT-5 reasons, and a refusal costs nothing.
 */
export function mayEncryptReasoning(model: string): boolean {
  const name = baseModel(model.replace(VENDOR, ''));
  return OF_OPENAI.test(name) && !WITHOUT_REASONING.test(name);
}

export const asksEncryptedReasoning = ({ include }: JsonObject): boolean =>
  Array.isArray(include) && include.includes(INCLUDED);

/** Returns the body of a response that also has its reasoning, encrypted. */
export function withEncryptedReasoning(body: Record<string, unknown>): Record<string, unknown> {
  const { include } = body;
  return { ...body, include: [...(Array.isArray(include) ? include : []), INCLUDED] };
}

/** OpenAI's words (public issues of 2025-09 to 2026-06), and no others. */
const REFUSAL = /^Encrypted content is not supported with this model\.?$/;

/** Whether OpenAI refused a request only because its model has no reasoning to encrypt. */
export function refusesEncryptedReasoning(status: number, error: WireError | undefined): boolean {
  const isOf = (param: string | null) => param === 'include' || param === null;
  return status === 400 && error !== undefined && isOf(error.param) && REFUSAL.test(error.message);
}
