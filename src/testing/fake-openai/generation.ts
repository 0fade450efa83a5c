import { type Bill, type BilledFrame, FREE, joined } from './frame.ts';
import type { FakeHost } from './host.ts';
import { CHAT_SEARCH_USD, feesUsd, hostedCallsOf, sessionUsd } from './hosted-calls.ts';
import type { InvoicedCall } from './invoice.ts';
import { arrayOf, type FakeJson, isRecord, stringOr } from './json.ts';
import { exampleOf } from './schema-example.ts';
import type { Reply, Script } from './script.ts';
import type { StoredItems } from './stored-items.ts';
import { countTokens, hashOf, imagesIn, tokensOf, wordTokens } from './tokens.ts';

/** An accepted request. */
export interface Call {
  readonly endpoint: string;
  readonly host: FakeHost;
  readonly body: FakeJson;
  readonly script: Script;
  /** What the account has stored. */
  readonly stored: StoredItems;
  /** Unique within one fake. The ids in the answer contain it. */
  readonly serial: string;
  /** The most that the model writes for a request without a cap. */
  readonly maxOutputTokens: number;
}

/** What an endpoint returns for a call: `json` in one piece, and `frames` as a stream. */
export interface GeneratedAnswer {
  readonly invoiced: InvoicedCall;
  /** What the whole answer costs. All frames together cost the same. */
  readonly bill: Bill;
  readonly stream: boolean;
  json(): object;
  frames(): Iterable<BilledFrame>;
}

export type GeneratingEndpoint = (call: Call) => GeneratedAnswer | Reply;

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly tokens: readonly string[];
}

export interface Choice {
  readonly tokens: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly reasoningTokens: number;
  readonly finish: 'stop' | 'length' | 'tool_calls';
}

/** What a request asks for, in the same form for all generating endpoints. */
export interface GenerationRequest {
  readonly prompt: unknown;
  readonly inputTokens: number;
  readonly outputCap: number | undefined;
  readonly choices: number;
  /** The JSON schema that the text must satisfy. `{}` allows any object. */
  readonly schema: unknown;
  /** The tool that must be called, and the schema of its arguments. */
  readonly forcedTool: { readonly name: string; readonly schema: unknown } | undefined;
}

export interface Generation extends InvoicedCall {
  readonly call: Call;
  readonly createdAt: number;
  readonly outputCap: number | undefined;
  readonly choices: readonly Choice[];
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export function generate(call: Call, requested: GenerationRequest): Generation {
  const choices = Array.from({ length: requested.choices }, (_, index) =>
    choose(call, requested, index),
  );
  const reasoningTokens = choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0);
  return {
    ...invoiced(call, requested.inputTokens),
    call,
    createdAt: Math.floor(Date.now() / 1000),
    outputCap: requested.outputCap,
    choices,
    reasoningTokens,
    outputTokens: reasoningTokens + choices.reduce((sum, choice) => sum + visibleTokens(choice), 0),
  };
}

export function billOf(generation: Generation): Bill {
  const { outputTokens, reasoningTokens } = generation;
  const own = { ...FREE, outputTokens, reasoningTokens };
  return hostedBills(generation).reduce(joined, own);
}

/** What each call of a hosted tool costs, in order. */
export function hostedBills({ call }: Pick<Generation, 'call'>): Bill[] {
  const { endpoint, body, script } = call;
  if (endpoint !== '/responses') return [];
  const calls = hostedCallsOf(body, script);
  const fees = feesUsd(body, calls);
  return calls.map(({ tool, queries = [''] }, index) => ({
    ...FREE,
    webSearches: tool === 'web_search' ? queries.length : 0,
    feesUsd: fees[index] ?? 0,
  }));
}

/** Returns what the invoice contains about a call before anything is generated. */
export function invoiced(call: Call, inputTokens: number): InvoicedCall {
  const { body, script } = call;
  return {
    endpoint: call.endpoint,
    model: script.model ?? String(body['model']),
    serviceTier: script.serviceTier ?? tierOf(body['service_tier']),
    priceProvider: call.host.priceProvider,
    safetyIdentifier: stringOr(body['safety_identifier'], undefined),
    user: stringOr(body['user'], undefined),
    promptCacheKey: stringOr(body['prompt_cache_key'], undefined),
    inputTokens: script.inputTokens ?? inputTokens + imagesOver(body, script.imageTokens),
    cachedInputTokens: script.cachedInputTokens ?? 0,
    cacheWriteTokens: script.cacheWriteTokens ?? 0,
    ...startedWith(call),
  };
}

/** What images cost more than their text. */
function imagesOver(body: FakeJson, imageTokens: number | undefined): number {
  if (imageTokens === undefined) return 0;
  return imagesIn(body).reduce((sum, url) => sum + imageTokens - countTokens(url), 0);
}

/** Hosted tools that no item of an answer shows: searches of chat, and a container that no call used. */
function startedWith({ endpoint, body, script }: Call) {
  if (endpoint === '/responses') {
    return { webSearches: 0, feesUsd: script.billsUnusedContainer ? sessionUsd(body) : 0 };
  }
  const webSearches = endpoint === '/chat/completions' ? (script.webSearches ?? 0) : 0;
  return { webSearches, feesUsd: webSearches * CHAT_SEARCH_USD };
}

function tierOf(asked: unknown): string {
  return typeof asked === 'string' && asked !== 'auto' ? asked : 'default';
}

function visibleTokens(choice: Choice): number {
  return choice.toolCalls.reduce((sum, call) => sum + call.tokens.length, choice.tokens.length);
}

function choose(call: Call, requested: GenerationRequest, index: number): Choice {
  const cap = requested.outputCap ?? call.maxOutputTokens;
  const beyond = call.script.adversary === 'max+1' ? 1 : 0;
  const isFree = call.host.reasonsBeyondCap && call.endpoint === '/chat/completions';
  const thought = call.script.reasoningTokens ?? 0;
  const reasoningTokens = isFree ? thought : Math.min(thought, cap);
  const room = cap + beyond - (isFree ? 0 : reasoningTokens);
  const tokens = textTokens(call, requested, index, room);
  const toolCalls = toolCallsOf(call, requested, index);
  const whole = { tokens, toolCalls, reasoningTokens, finish: 'stop' } as const;
  if (call.script.adversary) return { ...whole, toolCalls: [], finish: 'length' };
  if (visibleTokens(whole) > room) return cutShort(whole, room);
  return toolCalls.length > 0 ? { ...whole, finish: 'tool_calls' } : whole;
}

function cutShort(choice: Choice, room: number): Choice {
  const tokens = choice.tokens.slice(0, room);
  let left = room - tokens.length;
  const toolCalls = choice.toolCalls.flatMap((call) => {
    const kept = call.tokens.slice(0, left);
    left -= kept.length;
    return kept.length > 0 ? [{ ...call, tokens: kept }] : [];
  });
  return { ...choice, tokens, toolCalls, finish: 'length' };
}

function textTokens(
  call: Call,
  requested: GenerationRequest,
  index: number,
  room: number,
): readonly string[] {
  const { script } = call;
  const seed = hashOf(JSON.stringify(requested.prompt) ?? '') + index;
  if (script.adversary) return wordTokens(seed, room);
  if (script.text !== undefined) return tokensOf(script.text);
  if (script.tokens !== undefined) return wordTokens(seed, script.tokens);
  if (script.toolCalls ?? requested.forcedTool) return [];
  if (requested.schema !== undefined) return tokensOf(JSON.stringify(exampleOf(requested.schema)));
  return wordTokens(seed, 8 + (seed % 17));
}

function toolCallsOf(call: Call, requested: GenerationRequest, choice: number): ToolCall[] {
  const forced = requested.forcedTool;
  const scripted = call.script.toolCalls ?? [];
  const calls =
    forced && scripted.length === 0
      ? [{ name: forced.name, arguments: exampleOf(forced.schema) }]
      : scripted;
  return calls.map(({ name, arguments: given }, index) => ({
    id: `call_${call.serial}${choice}${index}`,
    name,
    tokens: tokensOf(typeof given === 'string' ? given : JSON.stringify(given)),
  }));
}

/** Finds the function tool that `tool_choice` forces. After the result of a tool, none is forced. */
export function forcedToolOf(
  body: FakeJson,
  answersTool: boolean,
): GenerationRequest['forcedTool'] {
  const choice = body['tool_choice'];
  if (answersTool || choice === undefined || choice === 'auto' || choice === 'none')
    return undefined;
  const functions = arrayOf(body['tools'])
    .map((tool) => (isRecord(tool) && isRecord(tool['function']) ? tool['function'] : tool))
    .filter(isRecord);
  const named = isRecord(choice) && isRecord(choice['function']) ? choice['function'] : choice;
  const name = isRecord(named) ? named['name'] : undefined;
  const tool = functions.find((candidate) => name === undefined || candidate['name'] === name);
  return tool && { name: String(tool['name']), schema: tool['parameters'] ?? { type: 'object' } };
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Groups tokens into the chunks in which they are streamed. */
export function* chunksOf(tokens: readonly string[], call: Call): Generator<[string, number]> {
  const size = Math.max(1, call.script.tokensPerChunk ?? 1);
  for (let start = 0; start < tokens.length; start += size) {
    const chunk = tokens.slice(start, start + size);
    yield [chunk.join(''), chunk.length];
  }
}

const PADDING = 'kQ7vZx2mWn4bTr9c';

/** Returns padding as OpenAI adds it, so that the size of a chunk does not reveal its tokens. */
export function obfuscationFor(text: string): string {
  return PADDING.slice(text.length % PADDING.length);
}
