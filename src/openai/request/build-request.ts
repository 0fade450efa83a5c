import { type Denial, deny, isDenial } from '../../core/denial.ts';
import type { Reading } from '../answer/usage.ts';
import { type HostedFees, hostedFees, NO_FEES } from '../prices/hosted-fees.ts';
import type { Bound, BoundParts } from '../prices/upper-bound.ts';
import type { Allowances, RequestPolicy } from './allowances.ts';
import { asksEncryptedReasoning } from './encrypted-reasoning.ts';
import { asksHiddenOutput } from './hidden-output.ts';
import { type OutputBound, outputBound } from './output-bound.ts';
import type { FixedRequest, RequestDescriptor } from './request-descriptor.ts';
import { missesTool, noteOwnSearches } from './search-models.ts';
import {
  below,
  type CallFacts,
  type Inspection,
  inspect,
  isObject,
  type JsonObject,
  type MediaCounts,
  malformed,
  NO_FACTS,
} from './wire-check.ts';
import type { Original } from './write-json.ts';

/** What a client sends about its own user. It is never sent on as it came. */
interface ClientTags {
  readonly safetyIdentifier?: string;
  readonly user?: string;
  readonly promptCacheKey?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A request with a known upper bound. What is in `body` is what is sent. */
export interface BuiltRequest extends BoundParts {
  readonly model: string;
  /** A fresh object: the end-user id is set on it, and then it is serialised. */
  readonly body: Record<string, unknown>;
  /** What the client sent; `undefined` where its text is not known. */
  readonly original: Original | undefined;
  readonly clientTags: ClientTags;
  readonly stream: boolean;
  /** Only the guard asked for usage, so the client must not see it. */
  readonly hideUsage: boolean;
  /** How many answers are written to all prompts. */
  readonly choices: number;
  /** The cap of one choice that the client sent; `undefined` for none. */
  readonly askedOutputTokens: number | undefined;
  /** It makes the model write something that the answer does not show. */
  readonly asksHiddenOutput: boolean;
  /** What is in `body` beyond text; `undefined` if there is nothing. */
  readonly media: Readonly<MediaCounts> | undefined;
  /** The model reads nothing but the text of `body`, so a tokenizer can count it. */
  readonly isTextOnly: boolean;
  /** Only the guard decided that nothing is stored, so the client cannot refer to what the model thought, and
   * did not ask for it either. */
  readonly losesReasoning: boolean;
  /** Refers to objects that OpenAI keeps. */
  readonly usesState: boolean;
  /** Bytes of `body` that stand for media, whose tokens are in `extraInputTokens`. */
  readonly inlineBytes: number;
  /** Input tokens of one round that the bytes of the body do not bound. */
  readonly extraInputTokens: number;
  /** How often hosted tools may make the model read its whole input; 1 without them. */
  readonly inputRounds: number;
  /** `undefined`: one request and nothing else is used. */
  readonly bound: Bound | undefined;
  /** What hosted tools charged for the calls in the answer; the most where they are not known. */
  hostedFeesFor(reading: Reading, elapsedMs: number): number;
}

/**
 * Rewrites a parsed body into one that costs no more than its policy allows, or refuses it:
 * `parameter_not_allowed` for a field that is not known or not enabled, `invalid_request` for a value
 * that the field cannot hold. `param` names the place. Nothing is dropped silently.
 */
export function buildRequest(
  endpoint: RequestDescriptor,
  body: unknown,
  policy: RequestPolicy,
  text?: string,
  facts: CallFacts = NO_FACTS,
): BuiltRequest | Denial {
  if (!isObject(body)) return malformed('The body must be one JSON object.');
  const fixed = endpoint.fixedBy?.(policy.allow);
  if (fixed === undefined && endpoint.fixedBy !== undefined) return notInPlan(endpoint);
  const model = facts.model ?? fixed?.model ?? body['model'] ?? endpoint.modelDefault;
  const inspection = inspect(policy.allow, typeof model === 'string' ? model : '', facts);
  const denial = endpoint.body.check(body, inspection) ?? missing(body, endpoint.body.required);
  if (denial !== undefined) return inWords(denial);
  if (typeof model !== 'string') return inWords(below('model', malformed('is required')));
  const refusal = missesTool(inspection) ?? noteOwnSearches(inspection, facts.card?.searches);
  if (refusal !== undefined) return inWords(refusal);
  const output = outputBound(endpoint.outputCap, body, model, policy);
  if (isDenial(output)) return inWords(output);
  const original = text === undefined ? undefined : { text, value: body };
  return built(endpoint, { body, original, inspection, model, output, fixed }, facts);
}

/** Returns the model that a request names, or that the plan or OpenAI chooses for it. */
export function modelAsked(
  { fixedBy, modelDefault }: RequestDescriptor,
  body: unknown,
  { allow }: RequestPolicy,
): string | undefined {
  const named = isObject(body) ? body['model'] : undefined;
  const model = fixedBy?.(allow)?.model ?? named ?? modelDefault;
  return typeof model === 'string' ? model : undefined;
}

/** A body that was checked, and what follows from it. */
interface CheckedBody {
  readonly body: JsonObject;
  readonly original: Original | undefined;
  readonly inspection: Inspection;
  readonly model: string;
  readonly output: OutputBound;
  readonly fixed: FixedRequest | undefined;
}

function built(endpoint: RequestDescriptor, checked: CheckedBody, facts: CallFacts): BuiltRequest {
  const { body, original, inspection, model, output, fixed } = checked;
  const { allow, media, inlineBytes, stateTokens } = inspection;
  const fees = hostedFeesOf(endpoint, checked, facts);
  const stream = body['stream'] === true;
  const serviceTier = endpoint.tiered ? tierOf(body, allow) : undefined;
  return {
    model,
    body: fixed?.bodyFor(body) ?? rewrite(endpoint, checked, fees.calls, serviceTier),
    original,
    clientTags: clientTagsOf(body),
    stream,
    hideUsage: stream && endpoint.stream?.usageOnRequest === true && !asksUsage(body),
    choices: output.choices,
    asksHiddenOutput: asksHiddenOutput(body, fees.calls),
    outputCapTokens: output.tokens,
    askedOutputTokens: output.asked,
    serviceTier,
    audio: mayBeAudio(body, inspection),
    media,
    losesReasoning: turnsStoreOff(endpoint, body, allow) && !asksEncryptedReasoning(body),
    usesState: stateTokens > 0,
    isTextOnly: inspection.isTextOnly && media === undefined && fixed === undefined,
    inlineBytes,
    extraInputTokens: inspection.extraInputTokens + stateTokens + fees.extraInputTokens,
    inputRounds: fees.calls + 1,
    hostedFeesNanoUsd: fees.mostNanoUsd,
    bound: fixed?.bound ?? endpoint.bound,
    hostedFeesFor: fees.chargedNanoUsd,
  };
}

function hostedFeesOf(
  { hostedCallsField }: RequestDescriptor,
  { body, inspection, output }: CheckedBody,
  { containerSessions: sessions }: CallFacts,
): HostedFees {
  const { hosted, media, stateTokens } = inspection;
  if (hosted === undefined) return NO_FEES;
  return hostedFees(hosted, {
    calls: hostedCallsField && body[hostedCallsField],
    choices: output.choices,
    outputTokens: output.tokens,
    images: stateTokens > 0 ? Number.POSITIVE_INFINITY : imagesIn(media ?? NO_MEDIA),
    sessions,
  });
}

const NO_MEDIA: MediaCounts = { images: 0, files: 0, audio: 0 };

/** A file may hold many. */
const imagesIn = ({ images, files }: Readonly<MediaCounts>): number =>
  files > 0 ? Number.POSITIVE_INFINITY : images;

const notInPlan = ({ path }: RequestDescriptor): Denial =>
  deny('endpoint_not_allowed', `Your plan does not include ${path}.`);

function missing(body: JsonObject, required: readonly string[]): Denial | undefined {
  const field = required.find((name) => body[name] === undefined || body[name] === null);
  return field === undefined ? undefined : below(field, malformed('is required'));
}

const PARAM_LENGTH_MAX = 128;

/** A check tells what is wrong with a value; the caller also needs the name of the field. */
function inWords(denial: Denial): Denial {
  const param = denial.param?.slice(0, PARAM_LENGTH_MAX) ?? 'body';
  return { ...denial, param, message: `"${param}" ${denial.message}.` };
}

/** Set by the tag step, or never sent on. */
const tagFields = new Set([
  'safety_identifier',
  'user',
  'prompt_cache_key',
  'metadata',
  'client_metadata',
]);

function rewrite(
  endpoint: RequestDescriptor,
  { body, model, output, inspection: { replaced, allow } }: CheckedBody,
  hostedCalls: number,
  serviceTier: string | undefined,
): Record<string, unknown> {
  const { outputCap, storable, hostedCallsField, stream } = endpoint;
  const sent: Record<string, unknown> = { model };
  for (const field of Object.keys(body)) {
    if (tagFields.has(field) || outputCap?.spellings.includes(field)) continue;
    sent[field] = replaced === undefined ? body[field] : withReplaced(body[field], replaced);
  }
  if (outputCap !== undefined) sent[outputCap.field] = output.perChoice;
  if (serviceTier !== undefined) sent['service_tier'] = serviceTier;
  if (storable === 'forgotten') sent['store'] = body['store'] === true;
  if (turnsStoreOff(endpoint, body, allow)) sent['store'] = false;
  if (hostedCalls > 0 && hostedCallsField !== undefined) sent[hostedCallsField] = hostedCalls;
  if (stream?.usageOnRequest && body['stream'] === true) {
    sent['stream_options'] = { ...streamOptions(body), include_usage: true };
  }
  return sent;
}

/** Silence means that OpenAI keeps the answer, which only plans that allow stored objects let it do. */
function turnsStoreOff(
  { storable }: RequestDescriptor,
  { store }: JsonObject,
  { stateful }: Allowances,
): boolean {
  return storable === 'kept' && (store ?? undefined) === undefined && stateful === undefined;
}

/** Tools are in a list, or in the lists of items. */
function withReplaced(value: unknown, replaced: ReadonlyMap<unknown, JsonObject>): unknown {
  if (Array.isArray(value)) return value.map((element) => withReplaced(element, replaced));
  if (!isObject(value)) return value;
  const other = replaced.get(value);
  if (other !== undefined) return other;
  return Array.isArray(value['tools'])
    ? { ...value, tools: withReplaced(value['tools'], replaced) }
    : value;
}

const streamOptions = (body: JsonObject) =>
  isObject(body['stream_options']) ? body['stream_options'] : {};

const asksUsage = (body: JsonObject) => streamOptions(body)['include_usage'] === true;

/** `auto` and an absent tier mean the tier of the project, which may be dearer than what was priced. */
function tierOf(body: JsonObject, { serviceTiers }: Allowances): string {
  const asked = body['service_tier'];
  return typeof asked === 'string' && serviceTiers.includes(asked) ? asked : 'default';
}

/** Objects that OpenAI keeps, and stored prompts, may contain audio. */
function mayBeAudio(body: JsonObject, { media, stateTokens }: Inspection): boolean {
  const { audio, modalities, prompt } = body;
  if (stateTokens > 0 || isObject(audio) || isObject(prompt)) return true;
  if (media !== undefined && media.audio > 0) return true;
  return Array.isArray(modalities) && modalities.includes('audio');
}

const NO_TAGS: ClientTags = {};

const asTexts = (values: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));

function clientTagsOf(body: JsonObject): ClientTags {
  const { safety_identifier, user, prompt_cache_key, metadata } = body;
  if (!(safety_identifier ?? user ?? prompt_cache_key ?? metadata)) return NO_TAGS;
  return {
    ...(typeof safety_identifier === 'string' && { safetyIdentifier: safety_identifier }),
    ...(typeof user === 'string' && { user }),
    ...(typeof prompt_cache_key === 'string' && { promptCacheKey: prompt_cache_key }),
    ...(isObject(metadata) && { metadata: asTexts(metadata) }),
  };
}
