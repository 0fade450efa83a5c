import { parseJson } from '../../base/json-text.ts';
import type { Usage } from '../../core/usage.ts';
import type { Endpoint } from '../endpoints.ts';

/** A hosted tool as plans name it; dated spellings count as the plain one. */
export type HostedToolName =
  | 'web_search'
  | 'file_search'
  | 'code_interpreter'
  | 'image_generation'
  | 'computer'
  | 'shell'
  | 'mcp';

export type HostedCalls = Readonly<Partial<Record<HostedToolName, number>>>;

/** What an answer says of its own cost. */
export interface Reading {
  readonly usage: Usage;
  /** The model that answered, as OpenAI names it. */
  readonly model?: string;
  /** The tier that served it, which may differ from the one asked for. */
  readonly serviceTier?: string;
  /** Calls of hosted tools, whose fees `usage` leaves out; `undefined` where the answer cannot tell. */
  readonly hostedCalls?: HostedCalls;
}

/** No request comes near it: the largest context is about a million tokens. */
const TOKENS_MAX = 1_000_000_000;

type Json = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined;
}

/** `NaN` for whatever is no count of tokens; an absent detail is none. */
function count(value: unknown, absent = 0): number {
  if (value === undefined || value === null) return absent;
  const whole = Number.isInteger(value) ? (value as number) : Number.NaN;
  return whole >= 0 && whole <= TOKENS_MAX ? whole : Number.NaN;
}

/** The details of OpenAI's two families of names. */
interface Spelling {
  readonly input: string;
  readonly output: string;
}

const chatSpelling: Spelling = { input: 'prompt_tokens', output: 'completion_tokens' };
const responsesSpelling: Spelling = { input: 'input_tokens', output: 'output_tokens' };

function parseUsage(value: unknown, { input, output }: Spelling, writes: boolean) {
  const raw = asObject(value);
  if (raw === undefined) return undefined;
  const inputDetails = asObject(raw[`${input}_details`]) ?? {};
  const outputDetails = asObject(raw[`${output}_details`]) ?? {};
  const usage: Usage = {
    inputTokens: count(raw[input], Number.NaN),
    cachedInputTokens: count(inputDetails['cached_tokens']),
    cacheWriteTokens: count(inputDetails['cache_write_tokens']),
    outputTokens: count(raw[output], writes ? Number.NaN : 0),
    reasoningTokens: count(outputDetails['reasoning_tokens']),
    inputAudioTokens: count(inputDetails['audio_tokens']),
    outputAudioTokens: count(outputDetails['audio_tokens']),
  };
  return isConsistent(usage) ? usage : undefined;
}

/** A comparison with `NaN` is false, so this finds what was no count as well. */
function isConsistent(usage: Usage): boolean {
  return (
    usage.cachedInputTokens + usage.cacheWriteTokens <= usage.inputTokens &&
    usage.inputAudioTokens <= usage.inputTokens &&
    usage.reasoningTokens <= usage.outputTokens &&
    usage.outputAudioTokens <= usage.outputTokens
  );
}

/**
 * Reads the cost from an answer's JSON (for a Responses event: from its `response`). `undefined` when
 * the endpoint is free, or when the usage is missing or no sane count: then it is not known.
 */
export function readUsage(endpoint: Endpoint, answer: unknown): Reading | undefined {
  const json = asObject(answer);
  if (json === undefined || endpoint.free) return undefined;
  const spelling = endpoint.name === 'responses' ? responsesSpelling : chatSpelling;
  const usage = parseUsage(json['usage'], spelling, endpoint.outputCap !== undefined);
  if (usage === undefined) return undefined;
  const hostedCalls = endpoint.name === 'responses' ? countHostedCalls(json) : undefined;
  return {
    usage,
    ...(typeof json['model'] === 'string' && { model: json['model'] }),
    ...(typeof json['service_tier'] === 'string' && { serviceTier: json['service_tier'] }),
    ...(hostedCalls !== undefined && { hostedCalls }),
  };
}

const hostedCallItems: ReadonlyMap<unknown, HostedToolName> = new Map([
  ['web_search_call', 'web_search'],
  ['file_search_call', 'file_search'],
  ['code_interpreter_call', 'code_interpreter'],
  ['image_generation_call', 'image_generation'],
  ['computer_call', 'computer'],
  ['shell_call', 'shell'],
  ['mcp_call', 'mcp'],
]);

function countHostedCalls(response: Json): HostedCalls | undefined {
  const output = response['output'];
  if (!Array.isArray(output)) return undefined;
  const calls: Partial<Record<HostedToolName, number>> = {};
  for (const item of output) {
    const tool = hostedCallItems.get(asObject(item)?.['type']);
    if (tool !== undefined) calls[tool] = (calls[tool] ?? 0) + 1;
  }
  // One search item may stand for several billed requests.
  const searches = count(
    asObject(asObject(response['tool_usage'])?.['web_search'])?.['num_requests'],
  );
  if (searches > (calls.web_search ?? 0)) calls.web_search = searches;
  return calls;
}

const WHOLE_BYTES_MAX = 256 * 1024;
const TAIL_BYTES = 64 * 1024;
const CANDIDATES_MAX = 8;

/**
 * Reads the cost from a whole answer. `'invalid'`: the bytes are no JSON object, so this is no answer
 * of OpenAI's. `undefined`: it is one, and does not say what it cost.
 */
export function readAnswer(endpoint: Endpoint, bytes: Uint8Array): Reading | 'invalid' | undefined {
  const answer = readWhole(endpoint, bytes);
  return answer === 'invalid' ? answer : answer.reading;
}

/** As `readAnswer`, with the parsed answer; `undefined` for a large one, of which only the end was parsed. */
export function readWhole(
  endpoint: Endpoint,
  bytes: Uint8Array,
): 'invalid' | { readonly reading: Reading | undefined; readonly json: unknown } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.byteLength > WHOLE_BYTES_MAX) {
    const reading = readTail(endpoint, buffer);
    if (reading !== undefined) return { reading, json: undefined };
  }
  const json = asObject(parseJson(buffer.toString('utf8')));
  return json === undefined ? 'invalid' : { reading: readUsage(endpoint, json), json };
}

/**
 * Large answers (embeddings, long texts) are read from their end. What follows a top-level `"usage"`
 * is, behind a `{`, again one JSON object; behind a nested one it has a brace too many. Inside a
 * string the quotes would be escaped.
 */
function readTail(endpoint: Endpoint, buffer: Buffer): Reading | undefined {
  if (buffer[0] !== 0x7b) return undefined;
  const tail = buffer.subarray(-TAIL_BYTES).toString('utf8');
  let at = tail.length;
  for (let tries = 0; tries < CANDIDATES_MAX && at > 0; tries++) {
    at = tail.lastIndexOf('"usage"', at - 1);
    if (at < 0) return undefined;
    const reading = readUsage(endpoint, parseJson(`{${tail.slice(at)}`));
    if (reading !== undefined) return reading;
  }
  return undefined;
}
