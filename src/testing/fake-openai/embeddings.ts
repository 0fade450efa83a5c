import { badRequest } from './error-replies.ts';
import { FREE } from './frame.ts';
import { type Call, type GeneratedAnswer, invoiced, numberOf } from './generation.ts';
import { costOf } from './invoice.ts';
import type { Reply } from './script.ts';
import { hashOf, promptsOf } from './tokens.ts';
import { withUsage } from './usage.ts';

const DEFAULT_DIMENSIONS = 1536;

export function embeddings(call: Call): GeneratedAnswer | Reply {
  const prompts = promptsOf(call.body['input']);
  if (prompts.length === 0) return badRequest("Missing required parameter: 'input'.", 'input');
  const bill = invoiced(
    call,
    prompts.reduce((sum, prompt) => sum + prompt.tokens, 0),
  );
  const dimensions = numberOf(call.body['dimensions']) ?? DEFAULT_DIMENSIONS;
  const isBase64 = call.body['encoding_format'] === 'base64';
  const usage = {
    prompt_tokens: bill.inputTokens,
    total_tokens: bill.inputTokens,
    ...call.host.cost(costOf({ ...bill, outputTokens: 0 })),
  };
  const json = () => {
    const data = prompts.map(({ text }, index) => {
      const vector = vectorOf(text, dimensions);
      return { object: 'embedding', index, embedding: isBase64 ? base64Of(vector) : [...vector] };
    });
    return withUsage({ object: 'list', data, model: bill.model }, usage, call.script.usage);
  };
  return { invoiced: bill, bill: FREE, stream: false, json, frames: () => [] };
}

/** Returns a vector of about unit length, always the same for the same text. */
function vectorOf(text: string, dimensions: number): Float32Array {
  let state = hashOf(text);
  const scale = Math.sqrt(3 / dimensions) / 2 ** 31;
  return Float32Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state * scale;
  });
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer).toString('base64');
}
