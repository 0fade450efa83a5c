import { badRequest } from './error-replies.ts';
import { type Bill, type BilledFrame, FREE, outputBill, reasoningBill } from './frame.ts';
import {
  billOf,
  type Call,
  type Choice,
  chunksOf,
  forcedToolOf,
  type GeneratedAnswer,
  type Generation,
  type GenerationRequest,
  generate,
  numberOf,
  obfuscationFor,
  type ToolCall,
} from './generation.ts';
import { retentionRefusal } from './hosted-refusals.ts';
import { arrayOf, type FakeJson, isRecord } from './json.ts';
import type { Reply } from './script.ts';
import { countTokens, countTokensDeep } from './tokens.ts';
import { hostUsage, tierMember, withUsage } from './usage.ts';

const TOKENS_PER_MESSAGE = 3;
const FINGERPRINT = 'fp_fake000000';

export function chatCompletions(call: Call): GeneratedAnswer | Reply {
  if (!Array.isArray(call.body['messages'])) {
    return badRequest("Missing required parameter: 'messages'.", 'messages');
  }
  const refusal = retentionRefusal(call.body);
  if (refusal) return refusal;
  const generation = generate(call, requestedOf(call.body));
  return {
    invoiced: generation,
    bill: billOf(generation),
    stream: call.body['stream'] === true,
    json: () => completionOf(generation),
    frames: () => framesOf(generation),
  };
}

function requestedOf(body: FakeJson): GenerationRequest {
  const messages = arrayOf(body['messages']);
  const last = messages.at(-1);
  return {
    prompt: messages,
    inputTokens: inputTokensOf(body, messages),
    outputCap: numberOf(body['max_completion_tokens']) ?? numberOf(body['max_tokens']),
    choices: numberOf(body['n']) ?? 1,
    schema: schemaOf(body['response_format']),
    forcedTool: forcedToolOf(body, isRecord(last) && last['role'] === 'tool'),
  };
}

function inputTokensOf(body: FakeJson, messages: readonly unknown[]): number {
  let tokens = TOKENS_PER_MESSAGE;
  for (const message of messages) tokens += TOKENS_PER_MESSAGE + countTokensDeep(message);
  for (const key of ['tools', 'functions', 'response_format']) {
    if (body[key] !== undefined) tokens += countTokens(JSON.stringify(body[key]));
  }
  return tokens;
}

function schemaOf(format: unknown): unknown {
  if (!isRecord(format)) return undefined;
  if (format['type'] === 'json_object') return { type: 'object' };
  return isRecord(format['json_schema']) ? format['json_schema']['schema'] : undefined;
}

function completionOf(generation: Generation): object {
  const { call } = generation;
  return withUsage(
    {
      id: `chatcmpl-${call.serial}`,
      object: 'chat.completion',
      created: generation.createdAt,
      model: generation.model,
      choices: generation.choices.map(messageOf),
    },
    hostUsage(generation),
    call.script.usage,
    { ...tierMember(generation), system_fingerprint: FINGERPRINT },
  );
}

function messageOf(choice: Choice, index: number): object {
  const content = choice.tokens.join('');
  const toolCalls = choice.toolCalls.map((call) => toolCallOf(call, call.tokens.join('')));
  const message = {
    role: 'assistant',
    content: toolCalls.length > 0 && content === '' ? null : content,
    refusal: null,
    annotations: [],
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
  return { index, message, logprobs: null, finish_reason: choice.finish };
}

function toolCallOf(call: ToolCall, text: string): object {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: text } };
}

function* framesOf(generation: Generation): Generator<BilledFrame> {
  const writer = new ChunkWriter(generation);
  for (const [index, choice] of generation.choices.entries())
    yield* choiceFrames(writer, choice, index);
  const { host, script } = generation.call;
  const { usageIn = host.usageIn } = script;
  if (usageIn === 'own-chunk' && writer.includesUsage) yield writer.usageChunk();
  yield { bytes: 'data: [DONE]\n\n', bill: FREE };
  if (usageIn === 'after-done') yield writer.usageChunk();
}

function* choiceFrames(writer: ChunkWriter, choice: Choice, index: number): Generator<BilledFrame> {
  const content = choice.toolCalls.length > 0 && choice.tokens.length === 0 ? null : '';
  const thought = reasoningBill(choice.reasoningTokens);
  yield writer.chunk(index, { role: 'assistant', content, refusal: null }, thought);
  for (const [text, tokens] of chunksOf(choice.tokens, writer.call)) {
    yield writer.chunk(index, { content: text }, outputBill(tokens));
  }
  for (const [position, call] of choice.toolCalls.entries()) {
    yield* toolCallFrames(writer, call, index, position);
  }
  yield writer.chunk(index, {}, FREE, choice.finish);
}

function* toolCallFrames(
  writer: ChunkWriter,
  call: ToolCall,
  choice: number,
  index: number,
): Generator<BilledFrame> {
  yield writer.chunk(choice, { tool_calls: [{ index, ...toolCallOf(call, '') }] }, FREE);
  for (const [text, tokens] of chunksOf(call.tokens, writer.call)) {
    const delta = { tool_calls: [{ index, function: { arguments: text } }] };
    yield writer.chunk(choice, delta, outputBill(tokens));
  }
}

/** Writes the chunk frames of one stream. The members that all of them share are serialised once. */
class ChunkWriter {
  readonly call: Call;
  readonly includesUsage: boolean;
  readonly #generation: Generation;
  readonly #head: string;
  readonly #obfuscates: boolean;
  #outputTokens = 0;

  constructor(generation: Generation) {
    this.#generation = generation;
    this.call = generation.call;
    const streamOptions = this.call.body['stream_options'];
    const asked = isRecord(streamOptions) && streamOptions['include_usage'] === true;
    this.includesUsage = asked || this.call.host.usageUnasked;
    this.#obfuscates = !isRecord(streamOptions) || streamOptions['include_obfuscation'] !== false;
    const shared = {
      id: `chatcmpl-${this.call.serial}`,
      object: 'chat.completion.chunk',
      created: generation.createdAt,
      model: generation.model,
      ...tierMember(generation),
      system_fingerprint: FINGERPRINT,
    };
    this.#head = `data: ${JSON.stringify(shared).slice(0, -1)},"choices":`;
  }

  chunk(index: number, delta: object, bill: Bill, finish: string | null = null): BilledFrame {
    this.#outputTokens += bill.outputTokens;
    const text = JSON.stringify(delta);
    const choice = `[{"index":${index},"delta":${text},"logprobs":null,"finish_reason":${JSON.stringify(finish)}}]`;
    const padding = this.#obfuscates ? `,"obfuscation":"${obfuscationFor(text)}"` : '';
    return { bytes: `${this.#head}${choice}${this.#usageBeside(finish)}${padding}}\n\n`, bill };
  }

  usageChunk(): BilledFrame {
    return { bytes: `${this.#head}[]${this.#usage(this.#generation)}}\n\n`, bill: FREE };
  }

  #usageBeside(finish: string | null): string {
    const { usageIn = this.call.host.usageIn } = this.call.script;
    if (usageIn === 'every-chunk' || (usageIn === 'finish-chunk' && finish !== null)) {
      return this.#usage({ ...this.#generation, outputTokens: this.#outputTokens });
    }
    return this.includesUsage ? ',"usage":null' : '';
  }

  #usage(generation: Generation): string {
    const { host, script, serial } = this.call;
    const usage = withUsage({}, hostUsage(generation), script.usage);
    const told = host.usageAt === 'usage' ? usage : { x_groq: { id: `req_${serial}`, ...usage } };
    const member = JSON.stringify(told).slice(1, -1);
    return member && `,${member}`;
  }
}
