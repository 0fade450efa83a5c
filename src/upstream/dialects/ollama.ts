import type { Dialect } from './dialect.ts';
import {
  chatFields,
  messages,
  one,
  oneText,
  ownTools,
  plainItems,
  takesFields,
  textInput,
} from './fields.ts';

const sampling = ['frequency_penalty', 'presence_penalty', 'seed', 'logprobs'];

/** Fields of llama.cpp's server. Ollama's OpenAI endpoints ignore them. */
const ofLlamaCpp = ['top_k', 'min_p', 'repeat_penalty', 'grammar'];

/**
 * Ollama, and llama.cpp's server. From ollama/ollama `openai/openai.go`, `openai/responses.go` and
 * docs/api/openai-compatibility (fb30760, 2026-08-21) and llama.cpp's tools/server/README.md (2026-10). The
 * cap is `max_tokens`; Ollama ignores `max_completion_tokens` and every other field that it does not know
 * (ollama#18575), `n` and `tool_choice` too. There is no field for the end user, no tier and nothing to
 * store. A model is billed as it was sent: it has a price only if the operator gives one.
 */
export const ollamaDialect: Dialect = {
  name: 'ollama',
  takesPaths: true,
  title: 'Ollama',
  endpoints: new Map([
    [
      'chat.completions',
      {
        own: {
          cap: 'max_tokens',
          fields: takesFields(
            [
              ...chatFields,
              ...sampling,
              ...ofLlamaCpp,
              'top_logprobs',
              'reasoning_effort',
              'reasoning',
              'reasoning_format',
              'chat_template_kwargs',
            ],
            {
              n: one,
              tools: ownTools,
              messages: messages({ vendor: ['reasoning', 'reasoning_content'] }),
            },
          ),
          streamOptions: true,
        },
      },
    ],
    [
      'responses',
      {
        own: {
          cap: 'max_output_tokens',
          fields: takesFields(
            ['instructions', 'stream', 'temperature', 'top_p', 'text', 'reasoning', 'include'],
            { tools: ownTools, input: plainItems },
          ),
        },
      },
    ],
    [
      'completions',
      {
        own: {
          cap: 'max_tokens',
          fields: takesFields(
            ['stream', 'temperature', 'top_p', 'stop', 'suffix', ...sampling, ...ofLlamaCpp],
            { n: one, prompt: oneText },
          ),
          streamOptions: true,
        },
      },
    ],
    [
      'embeddings',
      { own: { fields: takesFields(['dimensions', 'encoding_format'], { input: textInput }) } },
    ],
  ]),
  billedModel: 'sent',
  reportsCost: false,
  countsInput: false,
};
