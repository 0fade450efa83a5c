import { badRequest, errorReply } from './error-replies.ts';
import type { Call } from './generation.ts';
import { inputTokensOf } from './responses.ts';
import type { Reply } from './script.ts';

/** The fields that OpenAI takes where it counts the input of a response. */
const FIELDS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'conversation',
  'parallel_tool_calls',
  'personality',
  'previous_response_id',
  'reasoning',
  'text',
  'tool_choice',
  'tools',
  'truncation',
]);

/** POST /responses/input_tokens: counts as the response would be billed. It is free. */
export function inputTokens({ body }: Call): Reply {
  const unknown = Object.keys(body).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) {
    const message = `Unknown parameter: '${unknown}'.`;
    return errorReply(400, 'invalid_request_error', 'unknown_parameter', message);
  }
  if (body['input'] === undefined)
    return badRequest("Missing required parameter: 'input'.", 'input');
  return { body: { object: 'response.input_tokens', input_tokens: inputTokensOf(body) } };
}
