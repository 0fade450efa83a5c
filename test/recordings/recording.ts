import type { Usage } from '../../src/index.ts';

/** One answer as a host writes it, and what it must be read as. All names and ids are invented. */
export interface Recording {
  readonly name: string;
  readonly path: string;
  readonly request: object;
  readonly contentType: string;
  readonly body: string;
  /** Kinds that are not named are 0. */
  readonly usage: Partial<Usage>;
  /** Tokens by the rate that they are charged at, and searches. */
  readonly charged: Charged;
  /** The larger of two readings was taken. */
  readonly estimated: boolean;
}

/** USD per million tokens, which are also thousands of nano-USD for one token. */
export const rates = {
  input: 1,
  cached: 0.25,
  cacheWrite: 1.25,
  cacheWriteLong: 2,
  inputAudio: 10,
  inputImage: 5,
  output: 4,
  outputAudio: 20,
};
export const SEARCH_USD = 0.01;

export type Charged = Partial<Record<keyof typeof rates | 'searches', number>> & {
  /** The factor of the tier that served the call. */
  readonly factor?: number;
};

export function nanoUsdOf({ factor = 1, searches = 0, ...tokens }: Charged): number {
  const kinds = Object.entries(tokens) as [keyof typeof rates, number][];
  const sum = kinds.reduce((all, [kind, count]) => all + count * rates[kind] * 1_000, 0);
  return Math.ceil(sum * factor) + searches * SEARCH_USD * 1e9;
}

type Expected = Pick<Recording, 'usage' | 'charged'> & { readonly estimated?: boolean };

/** Input and output at the plain rates. */
export const plain = (inputTokens: number, outputTokens: number): Expected => ({
  usage: { inputTokens, outputTokens },
  charged: { input: inputTokens, output: outputTokens },
});

export const messages = [{ role: 'user', content: 'How deep is the sea?' }];
const streamed = { stream: true, stream_options: { include_usage: true } };

const ending = ({ estimated = false, ...expected }: Expected) => ({ ...expected, estimated });

export function whole(
  name: string,
  path: string,
  request: object,
  answer: object,
  expected: Expected,
): Recording {
  const body = JSON.stringify(answer);
  return { name, path, request, contentType: 'application/json', body, ...ending(expected) };
}

export function events(
  name: string,
  path: string,
  request: object,
  body: string,
  expected: Expected,
): Recording {
  const contentType = 'text/event-stream; charset=utf-8';
  return { name, path, request, contentType, body, ...ending(expected) };
}

/** A whole chat completion. */
export const chat = (name: string, usage: object, expected: Expected, more: object = {}) =>
  whole(
    name,
    '/chat/completions',
    { model: 'plain', messages },
    {
      id: 'chatcmpl-a1b2c3',
      object: 'chat.completion',
      created: 1_790_000_000,
      model: 'plain',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Deep “enough” 🌊.' },
          finish_reason: 'stop',
        },
      ],
      usage,
      ...more,
    },
    expected,
  );

export const chunk = (more: object, delta: object = {}, finish_reason: string | null = null) => ({
  id: 'chatcmpl-d4e5f6',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'plain',
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
});
export const word = (content: string, more: object = {}) => chunk(more, { content });
export const finish = (more: object = {}) => chunk(more, {}, 'stop');
/** The chunk that holds only the usage. */
export const counted = (usage: object, more: object = {}) => chunk({ choices: [], usage, ...more });
export const data = (json: object) => `data: ${JSON.stringify(json)}\n\n`;
export const DONE = 'data: [DONE]\n\n';

/** A chat stream with `[DONE]`. */
export const chatStream = (name: string, chunks: readonly object[], expected: Expected) =>
  events(
    name,
    '/chat/completions',
    { model: 'plain', messages, ...streamed },
    chunks.map(data).join('') + DONE,
    expected,
  );
