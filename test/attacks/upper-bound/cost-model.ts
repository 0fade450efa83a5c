/** An independent model of the most that OpenAI can bill for a request, as it was sent. */
import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import {
  AUDIO_TOKENS_PER_SECOND,
  CONTAINER_USD,
  FILE_SEARCH_USD,
  HIDDEN_SEARCH_TOKENS,
  IMAGE_OUTPUT_TOKENS,
  IMAGE_RATES,
  MODELS,
  PARTIAL_IMAGE_TOKENS,
  PREVIEW_SEARCH_USD,
  RESULT_TOKENS,
  SEARCH_USD,
} from './facts.ts';

type Json = Readonly<Record<string, unknown>>;

/** The dearest way in which OpenAI can answer a request. */
export interface WorstCase {
  readonly inputTokens: number;
  readonly inputAudioTokens: number;
  readonly outputTokens: number;
  readonly outputAudioTokens: number;
  /** Calls of hosted tools, all of the dearest one. */
  readonly calls: number;
  /** The tool, as it was sent. `undefined` without hosted tools. */
  readonly tool: Json | undefined;
  readonly usd: number;
}

/** Searches that one call of the search tool may make. */
export const SEARCHES_PER_CALL = 5;

export function worstCaseOf(path: string, sent: Json): WorstCase {
  const facts = factsOf(sent);
  const outputTokens = outputOf(path, sent);
  const hosted = hostedTools(sent);
  const calls = hosted.length === 0 ? 0 : Number(sent['max_tool_calls']);
  const tool = hosted.toSorted((a, b) => feeOf(b, sent) - feeOf(a, sent))[0];
  const once = usesState(sent) ? facts.context : inputOf(path, sent);
  const added = Math.max(0, ...hosted.map((one) => RESULT_TOKENS[String(one['type'])] ?? 0));
  let inputTokens = 0;
  for (let round = 0; round <= calls; round += 1) {
    inputTokens += Math.min(facts.context, once + round * added + (round > 0 ? outputTokens : 0));
  }
  const inputAudioTokens = Math.min(inputTokens, audioTokens(sent));
  const outputAudioTokens = sent['audio'] ? outputTokens : 0;
  const tokens = { inputTokens, inputAudioTokens, outputTokens, outputAudioTokens };
  const fees = tool === undefined ? 0 : calls * feeOf(tool, sent);
  return { ...tokens, calls, tool, usd: usdOf(tokens, sent) + fees };
}

function factsOf(sent: Json) {
  const facts = MODELS[String(sent['model'])];
  if (facts === undefined) throw new Error(`The suite has no facts of ${String(sent['model'])}.`);
  return facts;
}

function usdOf(
  tokens: Pick<
    WorstCase,
    'inputTokens' | 'inputAudioTokens' | 'outputTokens' | 'outputAudioTokens'
  >,
  sent: Json,
): number {
  const facts = factsOf(sent);
  const rates = facts.tiers[String(sent['service_tier'])] ?? facts;
  const { inputAudio = rates.input, outputAudio = rates.output } = rates;
  const micro =
    (tokens.inputTokens - tokens.inputAudioTokens) * rates.input +
    tokens.inputAudioTokens * inputAudio +
    (tokens.outputTokens - tokens.outputAudioTokens) * rates.output +
    tokens.outputAudioTokens * outputAudio;
  return micro / 1e6;
}

function outputOf(path: string, sent: Json): number {
  if (path === '/embeddings') return 0;
  if (path === '/responses') return Number(sent['max_output_tokens']);
  if (path === '/chat/completions') {
    return Number(sent['max_completion_tokens']) * Number(sent['n'] ?? 1);
  }
  const choices = Math.max(Number(sent['n'] ?? 1), Number(sent['best_of'] ?? 1));
  return Number(sent['max_tokens']) * choices * promptsOf(sent['prompt']).length;
}

/** The input of one round: its texts by OpenAI's tokenizers, what frames them, and media. */
function inputOf(path: string, sent: Json): number {
  const count = factsOf(sent).encoding === 'cl100k' ? countCl100k : countO200k;
  const tokensOf = (text: string) => count(text, { disallowedSpecial: new Set() });
  const prompts = path === '/embeddings' ? sent['input'] : sent['prompt'];
  if (path === '/embeddings' || path === '/completions') {
    return promptsOf(prompts).reduce<number>(
      (sum, prompt) => sum + (typeof prompt === 'string' ? tokensOf(prompt) : prompt.length),
      0,
    );
  }
  const messages = messagesOf(sent);
  const texts = messages.flatMap((message) => stringsIn(message)).map(tokensOf);
  const schemas = [sent['response_format'], sent['text'], ...toolsOf(sent)];
  const tools = schemas.filter(Boolean).map((schema) => 12 + tokensOf(JSON.stringify(schema)) / 2);
  const images = countOf(sent, isImage) * (factsOf(sent).imageTokens ?? 0);
  const framing = 3 + 4 * messages.length;
  return Math.ceil(sum(texts) + sum(tools) + framing + images + audioTokens(sent));
}

function promptsOf(value: unknown): readonly (string | readonly number[])[] {
  if (!Array.isArray(value)) return [String(value)];
  return value.every((item) => typeof item === 'number') ? [value] : value;
}

function messagesOf(sent: Json): readonly unknown[] {
  const { input, messages, instructions } = sent as Record<string, unknown>;
  const items = Array.isArray(messages) ? messages : Array.isArray(input) ? input : [input];
  return instructions === undefined ? items : [instructions, ...items];
}

/** Texts that the model reads. Media and ids are none. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (isImage(value) || isAudio(value)) return [];
  return Object.values(value).flatMap(stringsIn);
}

const isImage = (value: unknown): boolean => typeIn(value, ['image_url', 'input_image']);
const isAudio = (value: unknown): boolean => typeIn(value, ['input_audio']);
const typeIn = (value: unknown, types: readonly string[]): boolean =>
  typeof value === 'object' && value !== null && types.includes(String((value as Json)['type']));

function countOf(value: unknown, test: (value: unknown) => boolean): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (test(value)) return 1;
  return sum(Object.values(value).map((inner) => countOf(inner, test)));
}

/** Seconds of the recordings of this suite: 16,000 samples of one byte each. */
function audioTokens(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (!isAudio(value)) return sum(Object.values(value).map(audioTokens));
  const { input_audio } = value as { input_audio: { data: string } };
  const seconds = (Buffer.from(input_audio.data, 'base64').length - WAV_HEADER_BYTES) / 16_000;
  return Math.ceil(seconds * AUDIO_TOKENS_PER_SECOND);
}

export const WAV_HEADER_BYTES = 44;

const STATE = ['previous_response_id', 'conversation', 'prompt'];
const usesState = (sent: Json): boolean =>
  STATE.some((field) => typeof sent[field] === 'string' && sent['input'] !== undefined) ||
  JSON.stringify(sent['input'] ?? '').includes('"item_reference"');

const toolsOf = ({ tools }: Json): readonly Json[] => (Array.isArray(tools) ? tools : []);
const hostedTools = (sent: Json): readonly Json[] =>
  toolsOf(sent).filter(({ type }) => String(type) in RESULT_TOKENS);

/** The most that one call of a tool, as it was sent, can cost beside tokens of the model. */
function feeOf(tool: Json, sent: Json): number {
  const model = String(sent['model']);
  switch (tool['type']) {
    case 'web_search': {
      const hidden = ((HIDDEN_SEARCH_TOKENS[model] ?? 0) * (MODELS[model]?.input ?? 0)) / 1e6;
      return SEARCHES_PER_CALL * (SEARCH_USD + hidden);
    }
    case 'web_search_preview':
      return SEARCHES_PER_CALL * (MODELS[model]?.reasons ? SEARCH_USD : PREVIEW_SEARCH_USD);
    case 'file_search':
      return FILE_SEARCH_USD;
    case 'code_interpreter':
      return CONTAINER_USD[String((tool['container'] as Json)['memory_limit'])] ?? Number.NaN;
    case 'image_generation': {
      const { inputTokens, outputTokens } = imageTokensOf(tool, sent);
      return (inputTokens * IMAGE_RATES.text + outputTokens * IMAGE_RATES.output) / 1e6;
    }
    default:
      return 0;
  }
}

/** The image model reads what the model wrote for it. */
export function imageTokensOf(tool: Json, sent: Json) {
  const made = IMAGE_OUTPUT_TOKENS[`${String(tool['quality'])} ${String(tool['size'])}`];
  const partial = Number(tool['partial_images'] ?? 0) * PARTIAL_IMAGE_TOKENS;
  return {
    inputTokens: Number(sent['max_output_tokens']),
    outputTokens: (made ?? Number.NaN) + partial,
  };
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);
