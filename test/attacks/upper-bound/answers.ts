/** OpenAI's dearest answer to a request, as `fetch` returns it. */
import { imageTokensOf, SEARCHES_PER_CALL, type WorstCase, worstCaseOf } from './cost-model.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Dearest {
  readonly worst: WorstCase;
  readonly answer: Response;
}

export function dearestAnswer(path: string, sent: Json): Dearest {
  const worst = worstCaseOf(path, sent);
  const body = path === '/responses' ? responseOf(worst, sent) : completionOf(worst);
  const { model, service_tier } = sent;
  const answer = Response.json({ model, ...(service_tier ? { service_tier } : {}), ...body });
  return { worst, answer };
}

function completionOf(worst: WorstCase): Json {
  const { inputTokens, outputTokens, inputAudioTokens, outputAudioTokens } = worst;
  return {
    object: 'chat.completion',
    choices: [],
    usage: {
      prompt_tokens: inputTokens,
      prompt_tokens_details: { audio_tokens: inputAudioTokens },
      completion_tokens: outputTokens,
      completion_tokens_details: { audio_tokens: outputAudioTokens },
      total_tokens: inputTokens + outputTokens,
    },
  };
}

function responseOf(worst: WorstCase, sent: Json): Json {
  const { inputTokens, outputTokens, calls, tool } = worst;
  const output = Array.from({ length: calls }, (_, index) => itemOf(tool, index));
  return {
    object: 'response',
    status: 'completed',
    output,
    tools: sent['tools'] ?? [],
    ...(tool && { tool_usage: toolUsageOf(tool, calls, sent) }),
    usage: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  };
}

const ITEMS: Readonly<Record<string, string>> = {
  web_search: 'web_search_call',
  web_search_preview: 'web_search_call',
  file_search: 'file_search_call',
  code_interpreter: 'code_interpreter_call',
  image_generation: 'image_generation_call',
  mcp: 'mcp_call',
};

/** Each call of code runs in a container of its own, which is the dearest. */
function itemOf(tool: Json | undefined, index: number): Json {
  const type = ITEMS[String(tool?.['type'])];
  const id = `item_${index}`;
  return type === 'code_interpreter_call'
    ? { type, id, status: 'completed', container_id: `cntr_${index}` }
    : { type, id, status: 'completed' };
}

function toolUsageOf(tool: Json, calls: number, sent: Json): Json {
  const { type } = tool;
  if (type === 'web_search' || type === 'web_search_preview') {
    return { web_search: { num_requests: calls * SEARCHES_PER_CALL } };
  }
  if (type !== 'image_generation') return {};
  const { inputTokens, outputTokens } = imageTokensOf(tool, sent);
  return {
    image_gen: {
      input_tokens: calls * inputTokens,
      output_tokens: calls * outputTokens,
      total_tokens: calls * (inputTokens + outputTokens),
    },
  };
}
