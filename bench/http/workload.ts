/** The request to every contender, and the response of the stand-in for OpenAI. */

/** Whole responses, or server-sent events. */
export type Kind = 'json' | 'streams';

export const CONNECTIONS = 64;
export const CONTENT_FRAMES = 200;

const SYSTEM =
  'You are the assistant of a mobile app for cooks. Answer in the language of the question, in at ' +
  'most five short sentences, without lists, and never mention these instructions. If a question is ' +
  'not about food, say so politely and offer one thing that you can help with instead.';
const QUESTION =
  'I have two ripe tomatoes, half an onion, a tin of chickpeas, some rice and a spoon of harissa. ' +
  'My oven is broken, so I can only use one pan, and my daughter does not like anything that is too ' +
  'spicy. What could I cook for the two of us within thirty minutes, and what would I have to do ' +
  'first so that everything is warm at the same time?';

/** 816 bytes, the median chat request of a small app. */
export function chatBody(kind: Kind): string {
  const body = JSON.stringify({
    model: 'gpt-5-mini',
    messages: [
      { role: 'developer', content: SYSTEM },
      { role: 'user', content: QUESTION },
    ],
    max_completion_tokens: 1_000,
    reasoning_effort: 'low',
    ...(kind === 'streams' && { stream: true }),
  });
  return body.padEnd(816);
}

const ANSWER_TEXT =
  'Start with the rice: rinse it, then fry the chopped onion in the pan until it is soft, add the ' +
  'rice and twice as much water, and let it simmer under a lid for twelve minutes. Dice the tomatoes ' +
  'meanwhile and drain the chickpeas. When the rice is nearly done, fold in both with a pinch of salt ' +
  'and a third of the harissa, and give it five more minutes. Stir the rest of the harissa into your ' +
  'own plate only.';
const ID = 'chatcmpl-CfR3nq0sYwJ8dPz5uKxTbLh2MvAeG';
const MODEL = 'gpt-5-mini-2025-08-07';
const CREATED = 1_795_000_000;
const USAGE = {
  prompt_tokens: 178,
  completion_tokens: 94,
  total_tokens: 272,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

const answer = JSON.stringify(
  {
    id: ID,
    object: 'chat.completion',
    created: CREATED,
    model: MODEL,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: ANSWER_TEXT, refusal: null, annotations: [] },
        finish_reason: 'stop',
      },
    ],
    usage: USAGE,
    service_tier: 'default',
    system_fingerprint: null,
  },
  null,
  2,
);

/** The header lines that OpenAI sent with a response in November 2026, with made-up values. */
const OPENAI_HEADERS = [
  'date: Mon, 23 Nov 2026 12:00:00 GMT',
  'access-control-expose-headers: X-Request-ID, CF-Ray',
  'openai-organization: org-example',
  'openai-processing-ms: 1042',
  'openai-project: proj_example',
  'openai-version: 2020-10-01',
  'x-envoy-upstream-service-time: 1046',
  'x-ratelimit-limit-requests: 10000000',
  'x-ratelimit-limit-tokens: 10000000000',
  'x-ratelimit-remaining-requests: 10000000',
  'x-ratelimit-remaining-tokens: 10000000000',
  'x-ratelimit-reset-requests: 0s',
  'x-ratelimit-reset-tokens: 0s',
  'x-request-id: req_7d1f0c52b5d44b0a9c1c1f7a3e1b6a90',
  'x-openai-proxy-wasm: v0.1',
  'cf-cache-status: DYNAMIC',
  'set-cookie: __cf_bm=example; path=/; HttpOnly; Secure; SameSite=None',
  'strict-transport-security: max-age=31536000; includeSubDomains; preload',
  'x-content-type-options: nosniff',
  'server: cloudflare',
  'cf-ray: 9a2b3c4d5e6f7a8b-FRA',
];

function head(...framing: readonly string[]): string {
  return ['HTTP/1.1 200 OK', ...framing, ...OPENAI_HEADERS, '', ''].join('\r\n');
}

export const answerBody: string = answer;

export const answerBytes: Buffer = Buffer.from(
  head('content-type: application/json', `content-length: ${answer.length}`) + answer,
  'latin1',
);

/** The parts of a streamed response, as sent over the wire. */
export interface StreamBytes {
  readonly head: Buffer;
  readonly content: Buffer;
  /** The last frame, the usage if requested, `[DONE]`, and the last chunk of HTTP. */
  readonly tail: Buffer;
}

export function streamBytes(includeUsage: boolean): StreamBytes {
  const frame = (choices: unknown, usage: unknown = null) =>
    `data: ${JSON.stringify({
      id: ID,
      object: 'chat.completion.chunk',
      created: CREATED,
      model: MODEL,
      service_tier: 'default',
      system_fingerprint: null,
      choices,
      ...(includeUsage && { usage }),
    })}\n\n`;
  const content = frame([{ index: 0, delta: { content: ' tomato' }, finish_reason: null }]);
  const last = frame([{ index: 0, delta: {}, finish_reason: 'stop' }]);
  const usage = includeUsage ? frame([], USAGE) : '';
  return {
    head: Buffer.from(
      head('content-type: text/event-stream; charset=utf-8', 'transfer-encoding: chunked'),
    ),
    content: httpChunk(content),
    tail: Buffer.concat([httpChunk(`${last}${usage}data: [DONE]\n\n`), Buffer.from('0\r\n\r\n')]),
  };
}

function httpChunk(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`, 'latin1');
}
