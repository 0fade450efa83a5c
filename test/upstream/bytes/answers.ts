import zlib from 'node:zlib';
import { MODEL } from '../../fixture.ts';
import type { RawAnswer } from './raw-upstream.ts';

/** What is asked: a chat, whole or streamed, with or without usage, or a stream of Responses. */
export type Asked = 'chat' | 'stream' | 'stream with usage' | 'responses';

/** One kind of answer, and where the guard's differs from the upstream's. */
export interface Kind {
  readonly name: string;
  readonly asked: Asked;
  readonly answer: RawAnswer;
  /** Returns the body that the guard sends for that of the upstream. Default the same. */
  readonly shown?: (body: string) => string;
  /** The guard adds an error frame behind the body. */
  readonly isBroken?: true;
  /** The guard words the refusal itself. */
  readonly worded?: { readonly status: number; readonly code: string };
}

const usage = { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 };
const message = { role: 'assistant', content: 'Hello.' };
const completion = (more: object = {}, choice: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: MODEL,
  choices: [{ index: 0, message, finish_reason: 'stop', ...choice }],
  usage,
  ...more,
});
const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' };
const json = (value: unknown): string => JSON.stringify(value);
const PLAIN = json(completion());
const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };

const whole = (name: string, body: RawAnswer['body'], more: Partial<RawAnswer> = {}): Kind => ({
  name,
  asked: 'chat',
  answer: { headers: JSON_TYPE, body, ...more },
});

const wholes: readonly Kind[] = [
  whole('a plain answer', PLAIN),
  whole('line separators, NUL and other letters', `${PLAIN.slice(0, -1)},"x":"\u2028\\u0000é😀"}`),
  whole('a pretty-printed answer', JSON.stringify(completion(), null, 2)),
  whole('doubled keys', `${PLAIN.slice(0, -1)},"id":"again"}`),
  whole('integers of 20 digits', `${PLAIN.slice(0, -1)},"n":12345678901234567890}`),
  whole('numbers in other notations', `${PLAIN.slice(0, -1)},"n":1.0e0,"m":-0.0}`),
  whole('log probabilities', json(completion({}, { logprobs: { content: [{ logprob: -0.1 }] } }))),
  whole('tool calls', json(completion({}, { message: { ...message, tool_calls: [call] } }))),
  whole(
    'a refusal of the model',
    json(completion({}, { message: { ...message, refusal: 'No.' } })),
  ),
  whole('fields of other hosts', json(completion({ timings: { a: 1 }, provider: 'x' }))),
  whole('an answer without usage', json(completion({ usage: undefined }))),
  whole('usage that is null', json(completion({ usage: null }))),
  whole('white space around the answer', `\n  ${PLAIN}\n\n`),
  whole('a chunked answer', PLAIN, { framing: 'chunked', pieceBytes: 7 }),
  whole('HTTP/1.0 without a length', PLAIN, { statusLine: 'HTTP/1.0 200 OK', framing: 'close' }),
  whole('a 103 before the answer', PLAIN, {
    before: 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n',
  }),
  whole('gzip', zlib.gzipSync(PLAIN), { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
  whole('br', zlib.brotliCompressSync(PLAIN), {
    headers: { ...JSON_TYPE, 'content-encoding': 'br' },
  }),
];

const chunk = (more: object): string =>
  json({ id: 'c', object: 'chat.completion.chunk', model: MODEL, ...more });
const delta = (more: object, choice: object = {}): string =>
  chunk({ choices: [{ index: 0, delta: more, finish_reason: null, ...choice }] });
const frames = (...data: readonly string[]): string =>
  data.map((one) => `data: ${one}\n\n`).join('');

const HELLO = delta({ content: 'Hello' });
const STOP = delta({}, { finish_reason: 'stop' });
const USAGE = chunk({ choices: [], usage });
const DONE = '[DONE]';
const ASKED_USAGE = frames(HELLO, STOP, USAGE, DONE);
const UNASKED = frames(HELLO, STOP, DONE);

const streamed = (name: string, body: string, more: Partial<Kind & RawAnswer> = {}): Kind => {
  const { asked = 'stream with usage', shown, isBroken, worded, ...raw } = more;
  const answer = { headers: EVENTS, framing: 'chunked', body, ...raw } as const;
  const differs = {
    ...(shown && { shown }),
    ...(isBroken && { isBroken }),
    ...(worded && { worded }),
  };
  return { name, asked, answer, ...differs };
};

const streams: readonly Kind[] = [
  streamed('a stream with usage', ASKED_USAGE),
  streamed('a stream without usage', UNASKED, { asked: 'stream' }),
  streamed('usage that the client did not ask for', ASKED_USAGE, {
    asked: 'stream',
    shown: (body) => body.replace(frames(USAGE), ''),
  }),
  streamed(
    'usage in the last chunk of text, not asked for',
    frames(
      HELLO,
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage }),
      DONE,
    ),
    { asked: 'stream' },
  ),
  streamed(
    'obfuscation',
    frames(delta({ content: 'H' }, { obfuscation: 'xyz' }), STOP, USAGE, DONE),
  ),
  streamed('deltas of tool calls', frames(delta({ tool_calls: [call] }), STOP, USAGE, DONE)),
  streamed('deltas of reasoning', frames(delta({ reasoning_content: 'hm' }), STOP, USAGE, DONE)),
  streamed(
    'two choices',
    frames(HELLO, delta({}, { index: 1, finish_reason: 'stop' }), STOP, USAGE, DONE),
  ),
  streamed('CRLF', ASKED_USAGE.replaceAll('\n', '\r\n')),
  streamed('comments', `: hello\n\n${ASKED_USAGE.replace('data', ': between\n\ndata')}`),
  streamed('fields without a blank', ASKED_USAGE.replaceAll('data: ', 'data:')),
  streamed(
    'ids, times and names of events',
    ASKED_USAGE.replaceAll('data: ', 'id: 1\nretry: 9\nevent: message\ndata: '),
  ),
  streamed(
    'an error inside',
    frames(
      HELLO,
      json({ error: { message: 'No.', type: 'server_error', code: null, param: null } }),
    ),
    { asked: 'stream' },
  ),
  streamed('a stream where a whole answer was asked for', ASKED_USAGE, { asked: 'chat' }),
  {
    name: 'a whole answer where a stream was asked for',
    asked: 'stream',
    answer: { headers: JSON_TYPE, body: PLAIN },
  },
  streamed('a whole stream without [DONE]', frames(HELLO, STOP, USAGE)),
  streamed('a stream that ends in the middle', frames(HELLO), { isBroken: true }),
  streamed('a stream whose connection breaks', frames(HELLO), {
    framing: 'length',
    isCut: true,
    isBroken: true,
  }),
  streamed('a stream byte by byte', ASKED_USAGE, { pieceBytes: 1 }),
  streamed('gzip of a stream', ASKED_USAGE, {
    headers: { ...EVENTS, 'content-encoding': 'gzip' },
    framing: 'close',
    body: zlib.gzipSync(ASKED_USAGE) as never,
  }),
  streamed('a stream as plain text', ASKED_USAGE, { headers: { 'content-type': 'text/plain' } }),
  streamed('a stream without a type', ASKED_USAGE, { headers: {} }),
  streamed('a stream whose type is in capitals', ASKED_USAGE, {
    headers: { 'content-type': 'Text/Event-Stream' },
  }),
];

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${json({ type, ...more })}\n\n`;
const response = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: MODEL,
  output: [],
};
const used = { ...response, usage: { input_tokens: 8, output_tokens: 4, total_tokens: 12 } };
const BEGIN = event('response.created', { response, sequence_number: 0 });
const TEXT = event('response.output_text.delta', { delta: 'Hello', sequence_number: 1 });
const endWith = (status: string) =>
  event(`response.${status}`, { response: { ...used, status }, sequence_number: 2 });

const typed = (name: string, body: string, more: Partial<Kind & RawAnswer> = {}): Kind =>
  streamed(name, body, { asked: 'responses', ...more });

const responses: readonly Kind[] = [
  typed('a stream of Responses', BEGIN + TEXT + endWith('completed')),
  typed('a stream of Responses in pieces of 37 bytes', BEGIN + TEXT + endWith('completed'), {
    pieceBytes: 37,
  }),
  typed('an incomplete response', BEGIN + TEXT + endWith('incomplete')),
  typed(
    'a failed response',
    BEGIN +
      TEXT +
      event('response.failed', {
        response: { ...used, status: 'failed', error: { code: 'server_error', message: 'No.' } },
        sequence_number: 2,
      }),
  ),
  typed(
    'an error event',
    BEGIN +
      TEXT +
      event('error', { code: 'server_error', message: 'No.', param: null, sequence_number: 2 }),
  ),
  typed('an unknown event', BEGIN + event('response.new_thing', { a: 1 }) + endWith('completed')),
  typed('a keepalive', BEGIN + event('keepalive', { sequence_number: 1 }) + endWith('completed')),
  typed('[DONE] behind a response', `${BEGIN}${endWith('completed')}data: [DONE]\n\n`),
  typed('a stream of Responses that is cut', BEGIN + TEXT, { isBroken: true }),
];

const STATUS: Readonly<Record<number, string>> = { 200: 'OK' };
const refusal = (
  status: number,
  error: object,
  worded?: Kind['worded'],
  more: Partial<RawAnswer> = {},
): Kind => ({
  name: `status ${status} ${worded?.code ?? ''}`.trim(),
  asked: 'chat',
  answer: {
    statusLine: `HTTP/1.1 ${status} ${STATUS[status] ?? 'No'}`,
    headers: JSON_TYPE,
    body: json({
      error: { message: 'No.', type: 'invalid_request_error', param: null, code: null, ...error },
    }),
    ...more,
  },
  ...(worded && { worded }),
});
const ACCOUNT = { status: 503, code: 'upstream_account' };
const BUSY = { status: 503, code: 'upstream_busy' };
const FAILED = { status: 502, code: 'upstream_failed' };
const page = (name: string, status: number, body: string, type: string): Kind => ({
  ...refusal(status, {}, FAILED, { headers: { 'content-type': type }, body }),
  name,
});

const refusals: readonly Kind[] = [
  ...[400, 404, 409, 413, 422].map((status) => refusal(status, { code: 'odd', param: 'n' })),
  refusal(401, { code: 'invalid_api_key' }, ACCOUNT),
  refusal(403, { code: 'unsupported_country_region_territory' }, ACCOUNT),
  refusal(403, { code: 'model_not_found' }, { status: 403, code: 'model_not_allowed' }),
  refusal(429, { code: 'insufficient_quota', type: 'insufficient_quota' }, ACCOUNT),
  refusal(429, { code: 'rate_limit_exceeded', type: 'requests' }, BUSY),
  refusal(500, { type: 'server_error' }, FAILED),
  refusal(503, { type: 'service_unavailable_error' }, BUSY),
  refusal(529, { type: 'overloaded_error' }, BUSY),
  refusal(307, {}, FAILED, { headers: { location: 'https://elsewhere.example/' }, body: '' }),
  page('a page with status 502', 502, '<html>', 'text/html'),
  page('an empty success', 200, '', 'application/json'),
  page('a page with status 200', 200, '<html>', 'text/html'),
  page('text with status 200', 200, 'ok', 'text/plain'),
];

export const kinds: readonly Kind[] = [...wholes, ...streams, ...responses, ...refusals];
