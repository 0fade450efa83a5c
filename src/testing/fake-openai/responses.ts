import { badRequest } from './error-replies.ts';
import {
  billOf,
  type Call,
  forcedToolOf,
  type GeneratedAnswer,
  type GenerationRequest,
  generate,
  numberOf,
} from './generation.ts';
import { refusalOf } from './hosted-refusals.ts';
import { arrayOf, type FakeJson, isRecord } from './json.ts';
import { responseFrames } from './response-events.ts';
import { finishedResponse } from './response-object.ts';
import type { Reply } from './script.ts';
import { countTokens, countTokensDeep } from './tokens.ts';

const TOKENS_PER_REQUEST = 3;

export function responses(call: Call): GeneratedAnswer | Reply {
  if (call.body['input'] === undefined && call.body['prompt'] === undefined) {
    return badRequest("Missing required parameter: 'input'.", 'input');
  }
  const refusal = refusalOf(call.body);
  if (refusal) return refusal;
  const generation = generate(call, requestedOf(call.body));
  return {
    invoiced: generation,
    bill: billOf(generation),
    stream: call.body['stream'] === true,
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
