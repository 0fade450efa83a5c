/**
 * What the clients that apps use put on the wire and make of an answer, as read in their sources; each
 * with its version and date. Nothing here is their code.
 */

export interface WireError {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What an app is told of a failed call. */
export interface Told {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string;
}

export interface WireClient {
  readonly name: string;
  /** What its documented base URL, for a guard at `https://host/v1`, makes of a chat call. */
  readonly chatPath: string;
  headers(stream: boolean): Readonly<Record<string, string>>;
  /** The text that it makes of a streamed chat, and whether it knows that it is whole. Throws where the
   * client throws. */
  readStream(body: string): { readonly text: string; readonly ended: boolean };
  /** What it tells the app of an answer outside 2xx; throws where it cannot read it. */
  readError(error: WireError, stream: boolean): Told;
  /** How long it sleeps before it tries again; 0 when it does not, or by its own short backoff. */
  sleepSeconds(error: WireError): number;
}

interface Chunk {
  readonly id?: unknown;
  readonly created?: unknown;
  readonly model?: unknown;
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
  readonly error?: unknown;
}

const textOf = ({ choices }: Chunk): string => choices?.[0]?.delta?.content ?? '';

/** A chunk as a typed model needs it: without these fields decoding fails. */
function required(chunk: Chunk): Chunk {
  for (const field of ['id', 'created', 'model', 'choices'] as const) {
    if (chunk[field] === undefined) throw new Error(`the chunk has no "${field}"`);
  }
  return chunk;
}

interface LineRules {
  readonly prefix: string;
  /** The line that ends the stream, to the letter. */
  readonly done: string;
  readonly onOther?: (line: string) => void;
}

/** Clients that decode each line that begins with `prefix` by itself. */
function readLines(body: string, { prefix, done, onOther }: LineRules) {
  let text = '';
  for (const line of body.split(/\r?\n/)) {
    if (line === done) return { text, ended: true };
    if (line.startsWith(prefix))
      text += textOf(required(JSON.parse(line.slice(prefix.length)) as Chunk));
    else if (line !== '') onOther?.(line);
  }
  return { text, ended: false };
}

/** Clients that collect an event until its blank line. */
function readEvents(body: string, take: (event: string, data: string) => string) {
  let text = '';
  for (const block of body.split(/\r?\n\r?\n/)) {
    const lines = block.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith(':'));
    const value = (field: string) =>
      lines
        .filter((line) => line.startsWith(`${field}:`))
        .map((line) => line.slice(field.length + 1).replace(/^ /, ''))
        .join('\n');
    const data = value('data');
    if (data === '[DONE]') return { text, ended: true };
    if (data !== '') text += take(value('event') || 'message', data);
  }
  return { text, ended: false };
}

/** An error as a typed model reads it. */
function typedError({ text }: WireError): Told {
  const { error } = JSON.parse(text) as { error?: Told };
  if (typeof error?.message !== 'string' || error.message === '') throw new Error('no message');
  if (typeof error.type !== 'string') throw new Error('no type');
  if (error.code !== undefined && typeof error.code !== 'string')
    throw new Error('a code that is no text');
  return error;
}

const retryAfter = ({ headers }: WireError): number => Number(headers.get('retry-after') ?? 0) || 0;
const mayRetry = ({ headers }: WireError) => headers.get('x-should-retry') !== 'false';
const isRetried = ({ status }: WireError) => [408, 409, 429].includes(status) || status >= 500;
const PERMANENT = ['insufficient_quota'];

export const clients: readonly WireClient[] = [
  {
    // openai_dart 0.6.2 (e18581e): `accept: application/json` for streams too; the beta header always.
    name: 'openai_dart 0.6',
    chatPath: '/v1/chat/completions',
    headers: () => ({
      'content-type': 'application/json',
      accept: 'application/json',
      'OpenAI-Beta': 'assistants=v2',
    }),
    readStream: (body) => readLines(body, { prefix: 'data:', done: 'data: [DONE]' }),
    // The app gets the body as a text.
    readError: ({ text }) => (JSON.parse(text) as { error: Told }).error,
    sleepSeconds: () => 0,
  },
  {
    // openai_dart up to 10.0.1 (ai_clients_dart): an event ends with its blank line; malformed JSON is skipped.
    name: 'openai_dart 1 and later',
    chatPath: '/v1/chat/completions',
    headers: (stream) => ({
      'Content-Type': 'application/json',
      ...(stream && { Accept: 'text/event-stream' }),
    }),
    readStream: (body) =>
      readEvents(body, (_event, data) => {
        const chunk = JSON.parse(data) as Chunk;
        if (chunk.error !== undefined) throw new Error(JSON.stringify(chunk.error));
        return textOf(required(chunk));
      }),
    readError: typedError,
    // 429 twice, at most 60 s each, but not for a permanent quota; a POST never for 5xx.
    sleepSeconds(error) {
      const { type = '', code = '' } = typedError(error);
      const permanent = PERMANENT.includes(type) || PERMANENT.includes(code);
      return error.status === 429 && !permanent ? Math.min(60, retryAfter(error)) : 0;
    },
  },
  {
    // dart_openai 6.1.1 (93d3e09): appends `/v1` to a host; "data: " with its space; no retries.
    name: 'dart_openai',
    chatPath: '/v1/chat/completions',
    headers: () => ({ 'Content-Type': 'application/json' }),
    readStream: (body) => readLines(body, { prefix: 'data: ', done: 'data: [DONE]' }),
    readError({ text }) {
      const { error } = JSON.parse(text) as { error?: Told | null };
      if (error === undefined || error === null) throw new Error('taken for a success');
      if (typeof error.message !== 'string') throw new Error('no message');
      return { message: error.message };
    },
    sleepSeconds: () => 0,
  },
  {
    // MacPaw/OpenAI 0.5.1 (a532be8): only events of type `message`; of a failed stream only the headers.
    name: 'MacPaw/OpenAI',
    chatPath: '/v1/chat/completions',
    headers: () => ({ 'Content-Type': 'application/json' }),
    readStream: (body) =>
      readEvents(body, (event, data) => {
        if (event !== 'message') throw new Error(`unhandled stream event type "${event}"`);
        const chunk = JSON.parse(data) as Chunk;
        if (chunk.error !== undefined) {
          throw new Error(typedError({ text: data } as WireError).message);
        }
        return textOf(required(chunk));
      }),
    readError(error, stream) {
      if (!stream) return typedError(error);
      const code = error.headers.get('x-guard-code');
      return code === null ? {} : { code };
    },
    sleepSeconds: () => 0,
  },
  {
    // openai-kotlin 4 (9574ca3, ktor 3.0.0): ends on `data: [DONE]` alone; 429 three times, for as long as
    // it is told.
    name: 'openai-kotlin',
    chatPath: '/v1/chat/completions',
    headers: (stream) => ({
      'Content-Type': 'application/json',
      ...(stream && { Accept: 'text/event-stream', 'Cache-Control': 'no-cache' }),
    }),
    readStream: (body) => readLines(body, { prefix: 'data:', done: 'data: [DONE]' }),
    readError: (error) => (error.status < 500 ? typedError(error) : { message: 'server error' }),
    sleepSeconds: (error) => (error.status === 429 ? retryAfter(error) : 0),
  },
  {
    // openai-java (5f499c3): does what Retry-After says, however long, unless told not to.
    name: 'openai-java',
    chatPath: '/v1/chat/completions',
    headers: () => ({
      'Content-Type': 'application/json',
      'X-Stainless-Lang': 'java',
      'X-Stainless-Retry-Count': '0',
      'X-Stainless-Kotlin-Version': '1.8.0',
    }),
    readStream: (body) => readEvents(body, chunkOrError),
    readError: typedError,
    sleepSeconds: (error) => (isRetried(error) && mayRetry(error) ? retryAfter(error) : 0),
  },
  {
    // openai-node 7.5.0 (7b7d6ca, 2026-08-21), also in React Native: past 60 s by its own short backoff.
    name: 'openai-node',
    chatPath: '/v1/chat/completions',
    headers: () => ({
      'content-type': 'application/json',
      accept: 'application/json',
      'x-stainless-lang': 'js',
      'x-stainless-retry-count': '0',
      'x-stainless-timeout': '600',
    }),
    readStream: (body) => readEvents(body, chunkOrError),
    readError: typedError,
    sleepSeconds: (error) => (isRetried(error) && mayRetry(error) ? retryAfter(error) : 0),
  },
];

function chunkOrError(_event: string, data: string): string {
  const chunk = JSON.parse(data) as Chunk;
  if (chunk.error !== undefined) throw new Error(JSON.stringify(chunk.error));
  return textOf(chunk);
}
