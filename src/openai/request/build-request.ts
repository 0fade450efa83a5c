import { type Denial, deny, isDenial } from '../../core/denial.ts';
import { asksHiddenOutput } from '../answer/hidden-output.ts';
import type { Endpoint } from '../endpoints.ts';
import { type HostedFees, hostedFees } from '../prices/hosted-fees.ts';
import type { BuiltRequest, ClientTags } from './built-request.ts';
import { clientSecretRequest } from './client-secret-request.ts';
import { type OutputBound, outputBound } from './output-bound.ts';
import { requestShape } from './request-fields.ts';
import type { RequestPolicy } from './request-policy.ts';
import { below, inspect, isObject, type Json, malformed } from './wire-check.ts';

/**
 * Rewrites a parsed body into one that costs no more than its policy allows, or refuses it:
 * `parameter_not_allowed` for what is not known or not enabled, `invalid_request` for what no field
 * can hold. `param` names the place. Nothing is dropped silently.
 */
export function buildRequest(
  endpoint: Endpoint,
  body: unknown,
  policy: RequestPolicy,
  text?: string,
): BuiltRequest | Denial {
  if (!isObject(body)) return malformed('The body must be one JSON object.');
  const { realtime } = policy.allow;
  const mintsSecrets = endpoint.name === 'realtime.client_secrets';
  if (mintsSecrets && realtime === undefined) return notInPlan(endpoint);
  const { check, required } = requestShape(endpoint.name);
  const inspection = inspect(policy.allow);
  const denial = check(body, inspection) ?? missing(body, required);
  if (denial !== undefined) return inWords(denial);
  if (mintsSecrets && realtime !== undefined) return clientSecretRequest(endpoint, body, realtime);
  const model = body['model'] ?? endpoint.modelDefault;
  if (typeof model !== 'string') return inWords(below('model', malformed('is required')));
  const output = outputBound(endpoint, body, policy);
  if (isDenial(output)) return inWords(output);
  const fees = hostedFees(inspection.hosted, body['max_tool_calls'], output.tokens);
  const state = inspection.usesState ? (policy.allow.stateful?.inputTokens ?? 0) : 0;
  const stream = body['stream'] === true;
  const serviceTier = endpoint.tiered ? tierOf(body, policy) : undefined;
  return {
    endpoint,
    model,
    body: rewrite(endpoint, body, { model, output, fees, serviceTier }),
    original: text === undefined ? undefined : { text, value: body },
    clientTags: clientTagsOf(body),
    stream,
    hideUsage: endpoint.stream === 'chunks' && stream && !asksUsage(body),
    choices: output.choices,
    asksHiddenOutput: asksHiddenOutput(body, fees.calls),
    outputCapTokens: output.tokens,
    serviceTier,
    inlineBytes: inspection.inlineBytes,
    extraInputTokens: inspection.extraInputTokens + state + fees.extraInputTokens,
    inputRounds: fees.calls + 1,
    hostedFeesNanoUsd: fees.mostNanoUsd,
    reserve: undefined,
    hostedFeesFor: fees.chargedNanoUsd,
  };
}

const notInPlan = ({ path }: Endpoint): Denial =>
  deny('endpoint_not_allowed', `Your plan does not include ${path}.`);

function missing(body: Json, required: readonly string[]): Denial | undefined {
  const field = required.find((name) => body[name] === undefined || body[name] === null);
  return field === undefined ? undefined : below(field, malformed('is required'));
}

const PARAM_LENGTH_MAX = 128;

/** A check says what is wrong with a value; the caller also needs to hear which. */
function inWords(denial: Denial): Denial {
  const param = denial.param?.slice(0, PARAM_LENGTH_MAX) ?? 'body';
  return { ...denial, param, message: `"${param}" ${denial.message}.` };
}

interface Decided {
  readonly model: string;
  readonly output: OutputBound;
  readonly fees: HostedFees;
  readonly serviceTier: string | undefined;
}

/** Set by the tag stage alone. */
const tagFields = new Set(['safety_identifier', 'user', 'prompt_cache_key', 'metadata']);

function rewrite(endpoint: Endpoint, body: Json, decided: Decided): Record<string, unknown> {
  const { model, output, fees, serviceTier } = decided;
  const sent: Record<string, unknown> = { model };
  for (const field of Object.keys(body)) {
    if (tagFields.has(field) || endpoint.outputCap?.spellings.includes(field)) continue;
    sent[field] = body[field];
  }
  if (endpoint.outputCap !== undefined) sent[endpoint.outputCap.field] = output.perChoice;
  if (serviceTier !== undefined) {
    // Without them OpenAI takes the project's tier, and keeps responses.
    sent['service_tier'] = serviceTier;
    sent['store'] = body['store'] === true;
  }
  if (fees.calls > 0 && endpoint.name === 'responses') sent['max_tool_calls'] = fees.calls;
  if (endpoint.stream === 'chunks' && body['stream'] === true) {
    sent['stream_options'] = { ...streamOptions(body), include_usage: true };
  }
  return sent;
}

const streamOptions = (body: Json) =>
  isObject(body['stream_options']) ? body['stream_options'] : {};

const asksUsage = (body: Json) => streamOptions(body)['include_usage'] === true;

/** `auto` and none mean what the project is set to, which may be dearer than what was priced. */
function tierOf(body: Json, { allow }: RequestPolicy): string {
  const asked = body['service_tier'];
  return typeof asked === 'string' && allow.serviceTiers.includes(asked) ? asked : 'default';
}

const NO_TAGS: ClientTags = {};

function clientTagsOf(body: Json): ClientTags {
  const { safety_identifier, user, prompt_cache_key, metadata } = body;
  if (!(safety_identifier ?? user ?? prompt_cache_key ?? metadata)) return NO_TAGS;
  return {
    ...(typeof safety_identifier === 'string' && { safetyIdentifier: safety_identifier }),
    ...(typeof user === 'string' && { user }),
    ...(typeof prompt_cache_key === 'string' && { promptCacheKey: prompt_cache_key }),
    ...(isObject(metadata) && { metadata: metadata as Record<string, string> }),
  };
}
