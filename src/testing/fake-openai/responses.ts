import { encryptedRefusal } from './encrypted-reasoning.ts';
import { badRequest } from './error-replies.ts';
import {
  billOf,
  type Call,
  forcedToolOf,
  type GeneratedAnswer,
  type Generation,
  type GenerationRequest,
  generate,
  numberOf,
} from './generation.ts';
import { refusalOf } from './hosted-refusals.ts';
import { readInput } from './input-items.ts';
import { arrayOf, type FakeJson, isRecord } from './json.ts';
import { responseFrames } from './response-events.ts';
import { finishedResponse, outputOf, responseIdOf } from './response-object.ts';
import type { Reply } from './script.ts';
import { countTokens, countTokensDeep } from './tokens.ts';

const TOKENS_PER_REQUEST = 3;

export function responses(call: Call): GeneratedAnswer | Reply {
  const { body, host, stored } = call;
  if (body['input'] === undefined && body['prompt'] === undefined) {
    return badRequest("Missing required parameter: 'input'.", 'input');
  }
  const refusal = refusalOf(body) ?? encryptedRefusal(body);
  if (refusal) return refusal;
  if (!host.keepsResponses) return answerOf(generate(call, requestedOf(body)));
  const read = readInput(body, stored);
  if ('refusal' in read) return read.refusal;
  const input = read.isWhole ? body['input'] : read.items;
  const generation = generate(call, requestedOf({ ...body, input }));
  if (body['store'] !== false && call.script.reply === undefined) {
    stored.keep(responseIdOf(call.serial), read.items, outputOf(generation));
  }
  return answerOf(generation);
}

function answerOf(generation: Generation): GeneratedAnswer {
  return {
    invoiced: generation,
    bill: billOf(generation),
    stream: generation.call.body['stream'] === true,
    json: () => finishedResponse(generation),
    frames: () => responseFrames(generation),
  };
}

function requestedOf(body: FakeJson): GenerationRequest {
  const last = arrayOf(body['input']).at(-1);
  return {
    prompt: body['input'],
    inputTokens: inputTokensOf(body),
    outputCap: numberOf(body['max_output_tokens']),
    choices: 1,
    schema: schemaOf(body['text']),
    forcedTool: forcedToolOf(body, isRecord(last) && last['type'] === 'function_call_output'),
  };
}

/** What the input of a response is billed as. */
export function inputTokensOf(body: FakeJson): number {
  let tokens = TOKENS_PER_REQUEST + arrayOf(body['input']).length;
  for (const key of ['input', 'instructions']) tokens += countTokensDeep(body[key]);
  for (const key of ['tools', 'text']) {
    if (body[key] !== undefined) tokens += countTokens(JSON.stringify(body[key]));
  }
  return tokens;
}

function schemaOf(text: unknown): unknown {
  const format = isRecord(text) ? text['format'] : undefined;
  if (!isRecord(format)) return undefined;
  return format['type'] === 'json_object' ? { type: 'object' } : format['schema'];
}
