import type { Gate } from './gate.ts';
import type { FakeJson } from './json.ts';
import type { SeenRequest } from './seen-request.ts';

/** Milliseconds, a promise, a function that is called each time, or a gate that the test opens. */
export type Pause = number | PromiseLike<unknown> | (() => unknown) | Gate;

/** A response that is sent instead of a generated one. It is billed only if `billed` is true. */
export interface Reply {
  /** The HTTP status. Default 200. */
  readonly status?: number;
  /** The headers of the answer. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** An object is sent as JSON, a string or bytes unchanged. */
  readonly body?: string | Uint8Array | object;
  /** Whether the call is on the invoice. Default false. */
  readonly billed?: boolean;
}

/** Where and how a response breaks off. */
export interface Break {
  /**
   * `eof`: the body ends cleanly. `reset`: TCP RST. `half-close`: FIN without the end of the body.
   * `hang`: silence until the client leaves. `error-event`: an error inside the 200 stream, then EOF.
   */
  readonly with: 'eof' | 'reset' | 'half-close' | 'hang' | 'error-event';
  /**
   * After how many chunks: SSE frames of a stream, 16-byte pieces of any other body. 0 is right after the
   * headers, `undefined` is before them. A response with fewer chunks does not break off.
   */
  readonly afterChunks?: number;
  /** The `error` of an `error-event`. */
  readonly error?: FakeJson;
}

/** A call of a function, as a model writes it. */
export interface ScriptedToolCall {
  /** The name of the function. */
  readonly name: string;
  /** JSON text, or an object that becomes it. */
  readonly arguments: string | object;
}

/** A call of a tool that OpenAI runs, as a script makes it. */
export interface ScriptedHostedCall {
  readonly tool:
    | 'web_search'
    | 'file_search'
    | 'code_interpreter'
    | 'shell'
    | 'image_generation'
    | 'computer'
    | 'mcp';
  /** What one web search searches for. Each query is billed. Default one. */
  readonly queries?: readonly string[];
  /** The container in which code runs. Default one for the whole response. */
  readonly container?: string;
  /** What an image costs. Default as many as its model, quality and size cost. */
  readonly imageTokens?: number;
}

/** The content of one response, and how it is sent. The defaults are as OpenAI does it. */
export interface Script {
  /** The visible text. */
  readonly text?: string;
  /** Visible output tokens of each choice, if there is no `text`. */
  readonly tokens?: number;
  /** The categories that the moderation endpoint flags, such as `'violence'`. Default none. */
  readonly flags?: readonly string[];
  /** Calls of functions. */
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Hosted web searches of one query each, before the text. In chat only the invoice shows them. */
  readonly webSearches?: number;
  /** Calls of hosted tools before the text. Each has its fee. Responses only. */
  readonly hostedCalls?: readonly ScriptedHostedCall[];
  /** Merged into the true `tool_usage`. `missing` leaves it out. The invoice stays true. */
  readonly toolUsage?: FakeJson | 'missing';
  /** Bills a container that no call used, as users have reported. */
  readonly billsUnusedContainer?: boolean;
  /** Hidden tokens that each choice generates before its text. They count towards the output cap. */
  readonly reasoningTokens?: number;
  /** The reported tokens of the prompt, including cached and cache-writing ones. */
  readonly inputTokens?: number;
  /** What each image in the request costs, instead of its text. */
  readonly imageTokens?: number;
  /** Part of the input tokens. */
  readonly cachedInputTokens?: number;
  /** Part of the input tokens. */
  readonly cacheWriteTokens?: number;
  /** `max` writes up to the cap of the request, `max+1` one token more. */
  readonly adversary?: 'max' | 'max+1';
  /** The model that the answer names. Default the request's. */
  readonly model?: string;
  /** The tier that the answer names. */
  readonly serviceTier?: string;

  /** Merged into the true usage. `null` sends null, `missing` leaves it out. The invoice stays true. */
  readonly usage?: FakeJson | null | 'missing';
  /** Where a chat stream has its usage. Default: a separate chunk after the finish. */
  readonly usageIn?: 'own-chunk' | 'every-chunk' | 'finish-chunk' | 'after-done';

  /** Sent in place of a generated answer. */
  readonly reply?: Reply;
  /** Added to the usual headers. Headers of the same name are replaced. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Compresses the answer. */
  readonly gzip?: boolean;

  /** Output tokens in each streamed chunk. Default 1. */
  readonly tokensPerChunk?: number;
  /** A pause before the answer begins. */
  readonly beforeHeaders?: Pause;
  /** Before every chunk except the first. */
  readonly betweenChunks?: Pause;
  /** Ends the answer before its end. */
  readonly break?: Break;
  /** Generates and bills everything, but never responds. */
  readonly neverAnswer?: boolean;
  /** Destroys the socket when the headers of the request arrive. Only for `scriptNext`. */
  readonly closeOnRequest?: boolean;
  /** Sends one line of this many bytes, without a newline, instead of a response. */
  readonly lineBytes?: number;
  /** Size of every write in bytes, or the byte offsets of the whole body at which to cut it. */
  readonly cuts?: number | readonly number[];
}

/** A script, or a function that returns one for a request. */
export type ScriptFor = Script | ((request: SeenRequest) => Script);

const PLAIN: Script = {};

/** Finds the script of a request: first the queue, then the latest match, else an empty script. */
export class Scripts {
  readonly #queue: ScriptFor[] = [];
  readonly #matches: Array<{ match: string | RegExp; script: ScriptFor }> = [];

  queue(script: ScriptFor, times: number): void {
    for (let count = 0; count < times; count++) this.#queue.push(script);
  }

  match(match: string | RegExp, script: ScriptFor): void {
    this.#matches.unshift({ match, script });
  }

  /** Takes the head of the queue if it closes the connection before the body is read. */
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
