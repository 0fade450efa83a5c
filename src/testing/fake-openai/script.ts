import type { Gate } from './gate.ts';
import type { FakeJson } from './json.ts';
import type { SeenRequest } from './seen-request.ts';

/** Milliseconds, a promise, a function asked each time, or a gate that the test opens. */
export type Pause = number | PromiseLike<unknown> | (() => unknown) | Gate;

/** An answer sent as it is, instead of a generated one; billed only when `billed` is true. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** An object is sent as JSON; a string or bytes unchanged. */
  readonly body?: string | Uint8Array | object;
  readonly billed?: boolean;
}

/** Where and how an answer ends before its end. */
export interface Break {
  /**
   * `eof`: the body ends cleanly; `reset`: TCP RST; `half-close`: FIN without the end of the body;
   * `hang`: silence until the other side leaves; `error-event`: an error inside the 200 stream, then EOF.
   */
  readonly with: 'eof' | 'reset' | 'half-close' | 'hang' | 'error-event';
  /**
   * After how many chunks: SSE frames of a stream, 16-byte pieces of any other body; 0 is right
   * after the headers, `undefined` before them. An answer that has no more chunks is not broken.
   */
  readonly afterChunks?: number;
  /** The `error` of an `error-event`. */
  readonly error?: FakeJson;
}

export interface ScriptedToolCall {
  readonly name: string;
  readonly arguments: string | object;
}

/** What one answer shall be, and how it shall travel; everything left out is as OpenAI does it. */
export interface Script {
  readonly text?: string;
  /** Visible output tokens per choice to generate when no `text` is given. */
  readonly tokens?: number;
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Hosted web search calls made before the text; each has its fee. Responses only. */
  readonly webSearches?: number;
  /** Hidden tokens that each choice generates before its text; they count against the output cap. */
  readonly reasoningTokens?: number;
  /** What the prompt is said to hold; cached and written ones included. */
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly cacheWriteTokens?: number;
  /** `max` writes up to the cap that the request gives, `max+1` one token beyond it. */
  readonly adversary?: 'max' | 'max+1';
  readonly model?: string;
  readonly serviceTier?: string;

  /** Merged into the true usage; `null` sends null, `missing` leaves it out. The invoice stays true. */
  readonly usage?: FakeJson | null | 'missing';
  /** Where a chat stream carries its usage; default its own chunk after the finish. */
  readonly usageIn?: 'own-chunk' | 'every-chunk' | 'finish-chunk' | 'after-done';

  readonly reply?: Reply;
  /** Added to the usual headers of the answer, or in place of those with the same name. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly gzip?: boolean;

  /** Output tokens in each streamed chunk; default 1. */
  readonly tokensPerChunk?: number;
  readonly beforeHeaders?: Pause;
  /** Before every chunk but the first. */
  readonly betweenChunks?: Pause;
  readonly break?: Break;
  /** Generates and bills everything, then never answers. */
  readonly neverAnswer?: boolean;
  /** Destroys the socket when the request's headers arrive, body unread; only for `scriptNext`. */
  readonly closeOnRequest?: boolean;
  /** Sends one line of this many bytes without a newline instead of an answer. */
  readonly lineBytes?: number;
  /** Size of every write in bytes, or the byte offsets of the whole body at which to cut it. */
  readonly cuts?: number | readonly number[];
}

export type ScriptFor = Script | ((request: SeenRequest) => Script);

const PLAIN: Script = {};

/** Finds the script of a request: first the queue, then the youngest match, else a plain answer. */
export class Scripts {
  readonly #queue: ScriptFor[] = [];
  readonly #matches: Array<{ match: string | RegExp; script: ScriptFor }> = [];

  queue(script: ScriptFor, times: number): void {
    for (let count = 0; count < times; count++) this.#queue.push(script);
  }

  match(match: string | RegExp, script: ScriptFor): void {
    this.#matches.unshift({ match, script });
  }

  /** Takes the head of the queue if it wants the connection closed before the body is read. */
  takeCloseOnRequest(): boolean {
    const head = this.#queue[0];
    if (typeof head !== 'object' || head.closeOnRequest !== true) return false;
    this.#queue.shift();
    return true;
  }

  take(request: SeenRequest): Script {
    const script = this.#queue.shift() ?? this.#matched(request.bodyText);
    return typeof script === 'function' ? script(request) : script;
  }

  #matched(bodyText: string): ScriptFor {
    const found = this.#matches.find(({ match }) =>
      typeof match === 'string' ? bodyText.includes(match) : match.test(bodyText),
    );
    return found?.script ?? PLAIN;
  }
}
