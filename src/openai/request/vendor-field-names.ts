/** Fields that some hosts take and OpenAI does not. A plan can allow each of them. */
export const vendorFieldNames = [
  'top_k',
  'min_p',
  'top_a',
  'repetition_penalty',
  'repeat_penalty',
  'min_tokens',
  'stop_token_ids',
  'ignore_eos',
  'skip_special_tokens',
  'include_stop_str_in_output',
  'random_seed',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'reasoning_format',
  'include_reasoning',
  'thinking',
  'thinking_token_budget',
  'chat_template_kwargs',
  'structured_outputs',
  'grammar',
  'documents',
  'safe_prompt',
  'prompt_mode',
  'prefix',
  'transforms',
  'extra_body',
  'output_dimension',
  'output_dtype',
  'input_type',
] as const;

export type VendorFieldName = (typeof vendorFieldNames)[number];

const ROUTE = 'it changes who serves the call, and its price';
const FEE = 'it runs a tool that has a fee of its own';
const HOST = "it is the host's own, not a caller's";
const PROMPT = 'it changes how many tokens the request has';

/** Fields of other hosts that no plan can allow, and why. */
export const vendorFieldsNeverAllowed: ReadonlyMap<string, string> = new Map([
  // OpenRouter.
  ['provider', ROUTE],
  ['models', ROUTE],
  ['route', ROUTE],
  ['preset', ROUTE],
  ['session_id', ROUTE],
  ['plugins', FEE],
  ['stop_server_tools_when', FEE],
  ['image_config', 'images have a price of their own'],
  ['cache_control', 'writing the cache may cost more than reading the input'],
  ['trace', HOST],
  ['debug', HOST],
  // xAI, Groq, Mistral.
  ['search_parameters', FEE],
  ['search_settings', FEE],
  ['compound_custom', FEE],
  ['guardrails', FEE],
  ['deferred', 'the answer could not be fetched here'],
  // vLLM, llama.cpp, Ollama.
  ['chat_template', PROMPT],
  ['media_io_kwargs', PROMPT],
  ['mm_processor_kwargs', PROMPT],
  ['use_beam_search', 'it writes several answers and counts one'],
  ['logits_processors', 'it runs code on the host'],
  ['kv_transfer_params', HOST],
  ['ec_transfer_params', HOST],
  ['priority', 'it lets a caller pass the others'],
  ['request_id', HOST],
  ['cache_salt', HOST],
  ['id_slot', HOST],
  ['keep_alive', HOST],
  ['options', HOST],
]);
