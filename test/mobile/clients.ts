import {
  bodyAlone,
  bodyForTheApp,
  byStatusAndBody,
  headersAlone,
  kotlinException,
  messageAlone,
  type ReadDenial,
} from './reading-denials.ts';
import {
  byEvents,
  byLines,
  namelessOnly,
  type ReadStream,
  skipsMalformed,
  throwsItsError,
} from './reading-streams.ts';
import {
  dartSleep,
  javaSleep,
  kotlinSleep,
  neverRetries,
  nodeSleep,
  only503,
  type SleepSeconds,
} from './waiting.ts';

type Named = Readonly<Record<string, string>>;

/**
 * What one client sends and how it reads the responses. These are facts from its source, not its
 * code.
 */
export interface WireClient {
  readonly name: string;
  /**
   * The path of a chat call below the host, for the base URL that the client's documentation gives.
   */
  readonly path: string;
  headers(token: string, streamed: boolean): Named;
  readonly readStream: ReadStream;
  readonly readError: ReadDenial;
  /** Set when a denied stream is read differently from a denied buffered response. */
  readonly readStreamError?: ReadDenial;
  readonly sleepSeconds: SleepSeconds;
  /** Whether a failed stream just stops, so that the app must look for a finish reason. */
  readonly failsSilently?: true;
}

const JSON_TYPE = 'application/json';
const JSON_UTF8 = 'application/json; charset=utf-8';
const CHAT = '/v1/chat/completions';
const DONE = /^data: ?\[DONE\]$/;

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/**
 * The headers of the official SDKs, with example values. The app may name an organization, which
 * must not be forwarded.
 */
const stainless = (lang: string) => ({
  'X-Stainless-Lang': lang,
  'X-Stainless-Package-Version': '7.5.0',
  'X-Stainless-OS': 'Android',
  'X-Stainless-Arch': 'arm64',
  'X-Stainless-Runtime': lang,
  'X-Stainless-Runtime-Version': '21',
  'X-Stainless-Retry-Count': '1',
  'X-Stainless-Timeout': '600',
  'OpenAI-Organization': 'org-of-the-app',
  'OpenAI-Project': 'proj-of-the-app',
});

export const clients: readonly WireClient[] = [
  {
    // 0.6.2 (e18581e). Accept is JSON for streams too, and every request has the beta header. Every
    // field of a chunk is optional (00de0d7), so an error in a stream looks like an empty chunk.
    name: 'openai_dart 0.6',
    path: CHAT,
    headers: (token) => ({
      authorization: `Bearer ${token}`,
      'content-type': JSON_TYPE,
      accept: JSON_TYPE,
      'OpenAI-Beta': 'assistants=v2',
    }),
    readStream: byLines({ prefix: 'data:', ends: DONE, required: [] }),
    readError: bodyForTheApp,
    sleepSeconds: only503,
    failsSilently: true,
  },
  {
    // 10.0.1. Streams read at 1b3f09d and 0b2178f, retries at 0f35f91 (2026-11). A stream is never
    // repeated.
    name: 'openai_dart ≥ 1',
    path: CHAT,
    headers: (token, streamed) => ({
      ...bearer(token),
      'Content-Type': JSON_UTF8,
      ...(streamed && { Accept: 'text/event-stream' }),
    }),
    readStream: byEvents(skipsMalformed),
    readError: byStatusAndBody,
    sleepSeconds: dartSleep,
  },
  {
    // 6.1.1 (93d3e09). Its base URL has no /v1; the client adds it.
    name: 'dart_openai',
    path: CHAT,
    headers: (token) => ({
      'Content-Type': JSON_TYPE,
      'OpenAI-Organization': 'org-of-the-app',
      ...bearer(token),
    }),
    readStream: byLines({
      prefix: 'data: ',
      ends: /^data: \[DONE\]$/,
      required: ['choices'],
      joinsTheRest: true,
    }),
    readError: messageAlone,
    sleepSeconds: neverRetries,
  },
  {
    // 0.5.1 (a532be8, 2026-07-20). The reason for a denied stream is only in the headers.
    name: 'MacPaw/OpenAI',
    path: CHAT,
    headers: (token) => ({
      'Content-Type': JSON_TYPE,
      ...bearer(token),
      'OpenAI-Organization': 'org-of-the-app',
    }),
    readStream: byEvents(namelessOnly(['choices'])),
    readError: bodyAlone,
    readStreamError: headersAlone,
    sleepSeconds: neverRetries,
  },
  {
    // 4.x (9574ca3, 2026-02-07) on ktor 3.0.0.
    name: 'openai-kotlin',
    path: CHAT,
    headers: (token, streamed) => ({
      ...bearer(token),
      'Content-Type': JSON_TYPE,
      'OpenAI-Organization': 'org-of-the-app',
      ...(streamed && {
        Accept: 'text/event-stream',
        'Cache-Control': 'no-cache',
        Connection: 'keep-alive',
      }),
    }),
    readStream: byLines({
      prefix: 'data:',
      ends: /^data: \[DONE\]$/,
      required: ['id', 'created', 'model', 'choices'],
    }),
    readError: kotlinException,
    sleepSeconds: kotlinSleep,
  },
  {
    // 5f499c3. We assume that its streams throw as openai-node's do; this was not read in its
    // source.
    name: 'openai-java',
    path: CHAT,
    headers: (token) => ({
      ...bearer(token),
      'Content-Type': JSON_TYPE,
      ...stainless('java'),
      'X-Stainless-Kotlin-Version': '1.9.0',
    }),
    readStream: byEvents(throwsItsError),
    readError: byStatusAndBody,
    sleepSeconds: javaSleep,
  },
  {
    // 7.5.0 (7b7d6ca, 2026-08-21), which also runs in browsers and React Native.
    name: 'openai-node',
    path: CHAT,
    headers: (token) => ({ ...bearer(token), 'Content-Type': JSON_TYPE, ...stainless('js') }),
    readStream: byEvents(throwsItsError),
    readError: byStatusAndBody,
    sleepSeconds: nodeSleep,
  },
];
