import { nanoUsdUp } from '../../base/money.ts';
import { type Bound, tokenAmounts } from '../prices/upper-bound.ts';
import type { Allowances } from '../request/allowances.ts';
import { whole } from '../request/fields.ts';
import type { RealtimeAllowance, Reserve } from '../request/realtime-allowance.ts';
import { type FixedRequest, jsonBody } from '../request/request-descriptor.ts';
import {
  type Check,
  type Fields,
  isObject,
  type JsonObject,
  malformed,
  notAllowed,
  object,
  orNull,
  refused,
} from '../request/wire-check.ts';
import type { UpstreamDescriptor } from './descriptor.ts';

const FIXED = 'is fixed by the plan';

const fixedByPlan: Check = (value, { allow }) =>
  value === allow.realtime?.session.type || value === allow.realtime?.session.model
    ? undefined
    : notAllowed(FIXED);

const anchor: Check = (value) =>
  value === 'created_at' ? undefined : malformed('must be "created_at"');

/** The fields of a session that say nothing of the secret: the plan's own are sent. */
const fixedFields: Fields = Object.fromEntries(
  [
    'audio',
    'include',
    'instructions',
    'max_output_tokens',
    'output_modalities',
    'parallel_tool_calls',
    'prompt',
    'reasoning',
    'tool_choice',
    'tools',
    'tracing',
    'truncation',
  ].map((field) => [field, refused(FIXED)]),
);

const fields = {
  expires_after: orNull(object({ anchor, seconds: whole })),
  session: orNull(object({ ...fixedFields, type: fixedByPlan, model: fixedByPlan })),
};

/** The shortest life that OpenAI accepts (`openai` package 7.57.0, 2026-11-13). */
const SECONDS_MIN = 10;

/** A life is at most as long as the plan says. */
function secondsFor(asked: JsonObject, { maxSeconds }: RealtimeAllowance): number {
  const { expires_after } = asked;
  const seconds = isObject(expires_after) ? Number(expires_after['seconds']) : Number.NaN;
  return Math.max(SECONDS_MIN, Math.min(seconds || maxSeconds, maxSeconds));
}

/** What a secret is used for is never known, so each one is charged what the plan reserves for it. */
function boundOfReserve({ usd, inputTokens, outputTokens }: Reserve): Bound {
  const most = tokenAmounts(inputTokens, outputTokens, nanoUsdUp(usd));
  return { priced: false, most: () => most };
}

/** A request for a secret with the plan's own session. */
function secretRequest({ realtime }: Allowances): FixedRequest | undefined {
  if (realtime === undefined) return undefined;
  const { session, reserve } = realtime;
  return {
    model: session.model,
    bound: boundOfReserve(reserve),
    bodyFor: (asked) => ({
      expires_after: { anchor: 'created_at', seconds: secondsFor(asked, realtime) },
      session,
    }),
  };
}

export const realtimeClientSecrets: UpstreamDescriptor = {
  name: 'realtime.client_secrets',
  method: 'POST',
  path: '/realtime/client_secrets',
  body: jsonBody(fields),
  fixedBy: secretRequest,
  endUserId: { header: 'openai-safety-identifier' },
};
