import { badRequest } from './error-replies.ts';
import { type BilledFrame, FREE, joined, outputBill, reasoningBill } from './frame.ts';
import {
  billOf,
  type Call,
  chunksOf,
  type GeneratedAnswer,
  type Generation,
  generate,
  numberOf,
} from './generation.ts';
import { type FakeJson, isRecord } from './json.ts';
import type { Reply } from './script.ts';
import { promptsOf } from './tokens.ts';
import { hostUsage, withUsage } from './usage.ts';

/** OpenAI's default of `max_tokens` for this endpoint. */
const DEFAULT_OUTPUT_CAP = 16;

/** Legacy completions. Every prompt gets `n` choices, out of `best_of` that are generated. */
export function completions(call: Call): GeneratedAnswer | Reply {
  const { body } = call;
  const prompts = promptsOf(body['prompt'] ?? '<|endoftext|>');
  const perPrompt = numberOf(body['n']) ?? 1;
  const written = Math.max(perPrompt, numberOf(body['best_of']) ?? 1);
  if (prompts.length === 0) return badRequest("Missing required parameter: 'prompt'.", 'prompt');
  const generation = generate(call, {
    prompt: body['prompt'],
    inputTokens: prompts.reduce((sum, prompt) => sum + prompt.tokens, 0),
    outputCap: numberOf(body['max_tokens']) ?? DEFAULT_OUTPUT_CAP,
    choices: prompts.length * written,
    schema: undefined,
    forcedTool: undefined,
  });
  return {
    invoiced: generation,
    bill: billOf(generation),
    stream: body['stream'] === true,
    json: () => completionOf(generation, prompts.length * perPrompt),
    frames: () => framesOf(generation),
  };
}

function shared(generation: Generation): FakeJson {
  return {
    id: `cmpl-${generation.call.serial}`,
    object: 'text_completion',
    created: generation.createdAt,
    model: generation.model,
  };
}

function completionOf(generation: Generation, returned: number): object {
  const choices = generation.choices.slice(0, returned).map((choice, index) => ({
    text: choice.tokens.join(''),
    index,
    logprobs: null,
    finish_reason: choice.finish,
  }));
  const { usage } = generation.call.script;
  return withUsage({ ...shared(generation), choices }, hostUsage(generation), usage);
}

function* framesOf(generation: Generation): Generator<BilledFrame> {
  const { call } = generation;
  const options = call.body['stream_options'];
  const includesUsage = isRecord(options) && options['include_usage'] === true;
  const rest = includesUsage ? { usage: null } : {};
  const frame = (choices: readonly object[], members: FakeJson) =>
    `data: ${JSON.stringify({ ...shared(generation), choices, ...members })}\n\n`;
  for (const [index, choice] of generation.choices.entries()) {
    const { tokens, finish } = choice;
    // What is thought is billed before any of the text.
    let before = reasoningBill(choice.reasoningTokens);
    for (const [text, count] of chunksOf(tokens, call)) {
      const part = { text, index, logprobs: null, finish_reason: null };
      yield { bytes: frame([part], rest), bill: joined(before, outputBill(count)) };
      before = FREE;
    }
    yield {
      bytes: frame([{ text: '', index, logprobs: null, finish_reason: finish }], rest),
      bill: before,
    };
  }
  if (includesUsage) {
    yield { bytes: frame([], withUsage({}, hostUsage(generation), call.script.usage)), bill: FREE };
  }
  yield { bytes: 'data: [DONE]\n\n', bill: FREE };
}
