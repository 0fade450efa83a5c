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

/** What one client puts on the wire and makes of the answers: facts of its source, none of its code. */
export interface WireClient {
  readonly name: string;
  /** Path of a chat call below the host, for the base URL that its documentation gives. */
  readonly path: string;
  headers(token: string, streamed: boolean): Named;
  readonly readStream: ReadStream;
  readonly readError: ReadDenial;
  /** Where a refused stream is read otherwise than a refused whole answer. */
  readonly readStreamError?: ReadDenial;
  readonly sleepSeconds: SleepSeconds;
  /** Whether a stream that failed merely stops, so that the app must look for a finish reason. */
  readonly failsSilently?: true;
}

const JSON_TYPE = 'application/json';
const JSON_UTF8 = 'application/json; charset=utf-8';
const CHAT = '/v1/chat/completions';
const DONE = /^data: ?\[DONE\]$/;

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Headers of the official SDKs, by their names; the values are examples. The app may name an organisation, which must not be followed. */
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
    // 0.6.2 (e18581e). Accept is JSON for streams too; the beta header goes with every request. Every
    // field of a chunk may be absent (00de0d7), so that an error in a stream passes for an empty chunk.
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
    // 10.0.1; streams 1b3f09d and 0b2178f, retries 0f35f91 (read 2026-11). A stream is never repeated.
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
    // 6.1.1 (93d3e09). Its base URL has no /v1; it adds that itself.
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
    // 0.5.1 (a532be8, 2026-07-20). What a refused stream says, only its headers tell.
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
    // 5f499c3; that its streams throw as openai-node's do is assumed of it, not read in its source.
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
