import type { Endpoint } from '../endpoints.ts';
import type { BuiltRequest } from './built-request.ts';
import type { RealtimeAllowance } from './realtime-allowance.ts';
import { isObject, type JsonObject } from './wire-check.ts';

/** The least that OpenAI takes (`openai` package 7.57.0, 2026-11-13). */
const SECONDS_MIN = 10;

/** A request for a Realtime secret with the plan's own session, for at most as long as the plan says. */
export function clientSecretRequest(
  endpoint: Endpoint,
  body: JsonObject,
  { session, reserve, maxSeconds }: RealtimeAllowance,
): BuiltRequest {
  const asked = isObject(body['expires_after']) ? Number(body['expires_after']['seconds']) : NaN;
  const seconds = Math.max(SECONDS_MIN, Math.min(asked || maxSeconds, maxSeconds));
  return {
    endpoint,
    model: session.model,
    body: { expires_after: { anchor: 'created_at', seconds }, session },
    original: undefined,
    clientTags: {},
    stream: false,
    hideUsage: false,
    choices: 1,
    asksHiddenOutput: false,
    outputCapTokens: 0,
    serviceTier: undefined,
    inlineBytes: 0,
    extraInputTokens: 0,
    inputRounds: 1,
    hostedFeesNanoUsd: 0,
    reserve,
    hostedFeesFor: () => 0,
  };
}
