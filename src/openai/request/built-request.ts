import type { Reading } from '../answer/usage.ts';
import type { Endpoint } from '../endpoints.ts';
import type { Reserve } from './realtime-allowance.ts';
import type { Original } from './write-json.ts';

/** What a client says of its own user; never sent as it came. */
export interface ClientTags {
  readonly safetyIdentifier?: string;
  readonly user?: string;
  readonly promptCacheKey?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A request whose worst case is known. What `body` says is what is sent. */
export interface BuiltRequest {
  readonly endpoint: Endpoint;
  readonly model: string;
  /** Fresh, and nobody else's: the tag fields are set on it, and then it is serialised. */
  readonly body: Record<string, unknown>;
  /** What the client sent; `undefined` where its text is not known. */
  readonly original: Original | undefined;
  readonly clientTags: ClientTags;
  readonly stream: boolean;
  /** Usage was asked for by the guard alone, so the client must not see it. */
  readonly hideUsage: boolean;
  /** How many answers are written to each prompt. */
  readonly choices: number;
  /** It makes the model write what the answer does not show. */
  readonly asksHiddenOutput: boolean;
  /** Tokens of all choices of all prompts together. */
  readonly outputCapTokens: number;
  /** The tier that is sent; `undefined` where there are none. */
  readonly serviceTier: string | undefined;
  /** Bytes of `body` that stand for media, whose tokens are in `extraInputTokens`. */
  readonly inlineBytes: number;
  /** Input tokens that the bytes of the body do not bound; for one round. */
  readonly extraInputTokens: number;
  /** How often hosted tools may make the model read its whole input; 1 without them. */
  readonly inputRounds: number;
  /** The most that hosted tools can charge, in nano-USD. */
  readonly hostedFeesNanoUsd: number;
  /** What is charged whatever comes of the call; `undefined`: what the answer says it cost. */
  readonly reserve: Reserve | undefined;
  /** What they did charge, by the calls in the answer; the most where it does not tell. */
  hostedFeesFor(reading: Reading): number;
}
