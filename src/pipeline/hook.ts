import { type Denial, deny } from '../core/denial.ts';
import type { User } from '../core/user.ts';

/** The most that a call can use, as it will be held. */
export interface HookedAmounts {
  /** Input and output tokens together. */
  readonly tokens: number;
  /** Input tokens. */
  readonly inputTokens: number;
  /** Output tokens. */
  readonly outputTokens: number;
  /** US dollars; 0 for a model without a price. */
  readonly usd: number;
}

/** What OpenAI's moderation says about one input, in OpenAI's own names. */
export interface ModerationResult {
  /** Whether OpenAI flags it. */
  readonly flagged: boolean;
  /** Whether each category applies, such as `'violence'`. */
  readonly categories: Readonly<Record<string, boolean>>;
  /** From 0 to 1, for each category. */
  readonly category_scores: Readonly<Record<string, number>>;
}

/** What can be moderated at once: texts, or one image. */
export type ModerationInput =
  | string
  | readonly string[]
  | readonly { readonly type: 'image_url'; readonly image_url: { readonly url: string } }[];

/** The call that a hook decides about. It was identified, and its plan allows it. Nothing is held yet. */
export interface HookContext {
  /** The user. */
  readonly user: User;
  /** The user token that was presented; `undefined` for another credential. */
  readonly tokenId: string | undefined;
  /** The name of the plan; several are joined by `+`. */
  readonly plan: string;
  /** The endpoint's name, such as `'chat.completions'`. */
  readonly endpoint: string;
  /** The model, as the request names it. */
  readonly model: string;
  /** What a rate limiter counts by: the user's id. */
  readonly key: string;
  /** The address of the client; `undefined` in process, and where the adapter does not have it. Behind a
   * proxy it is that of the proxy. */
  readonly address: string | undefined;
  /** The most that the call can use. */
  readonly most: HookedAmounts;
  /** The body of the request, parsed: a copy of this hook's own. Changing it changes nothing; return
   * `{ body }` to replace it. It is copied when it is read first. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Aborts when the client leaves, or when the hook's time is over. */
  readonly signal: AbortSignal;
  /** Asks OpenAI's free moderation endpoint, with the server's key. Counts in no limit of the user.
   * Rejects if OpenAI does not answer with results, or if no upstream has the endpoint. */
  moderations(input: ModerationInput): Promise<readonly ModerationResult[]>;
}

/** The codes that a `before` hook can deny a request with. */
export type HookDenialCode =
  | 'request_denied'
  | 'invalid_request'
  | 'parameter_not_allowed'
  | 'model_not_allowed';

export const HOOK_DENIAL_CODES: ReadonlySet<string> = new Set<HookDenialCode>([
  'request_denied',
  'invalid_request',
  'parameter_not_allowed',
  'model_not_allowed',
]);

/** How a hook denies a request. */
export interface DenyRequestOptions {
  /** 403 for `request_denied` and `model_not_allowed`, 400 for the others.
   * @default 'request_denied' */
  readonly code?: HookDenialCode;
  /** The field of the request that is the reason. */
  readonly param?: string;
}

/**
 * Returns the denial that a `before` hook ends a call with. The client sees the message. Nothing was held,
 * and OpenAI is not called.
 *
 * @example
 * ```ts
 * const guard = createGuardedCompletion({
 *   apiKey: process.env.OPENAI_API_KEY,
 *   secret: process.env.GUARD_SECRET,
 *   plans: { free: { models: ['gpt-5-mini'] } },
 *   before: ({ body }) =>
 *     JSON.stringify(body).includes('ACME') ? denyRequest('Do not write about ACME.') : undefined,
 * });
 * ```
 */
export function denyRequest(
  message: string,
  { code = 'request_denied', param }: DenyRequestOptions = {},
): Denial {
  return deny(code, message, param === undefined ? {} : { param });
}

/** What a `before` hook returns: nothing to pass, a denial, or the body to send instead. */
export type BeforeResult =
  | undefined
  | Denial
  | { readonly body: Readonly<Record<string, unknown>> };

/**
 * Sees each call before anything is held. Returns nothing to let it pass, `denyRequest(…)` to end it, or
 * `{ body }` to replace the request, which is then checked and priced like one from a client.
 */
export type BeforeHook = (
  context: HookContext,
) => BeforeResult | Promise<BeforeResult> | void | Promise<void>;

/** What a limiter returns: nothing or `{ allowed: true }` to allow a call, or when it fits again. */
export type LimiterResult =
  | undefined
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /** When the same call fits, Unix ms. */
      readonly resetsAtMs: number;
      /** What is left, in the limiter's own unit.
       * @default 0 */
      readonly remaining?: number;
    };

/**
 * A rate limiter of yours. Asked after all checks of the request, and before anything is held: a call that
 * it denies costs nothing.
 */
export type Limiter = (
  context: HookContext,
) => LimiterResult | Promise<LimiterResult> | void | Promise<void>;

/** A hook, read once from the options. */
export interface Hook<Run> {
  readonly name: string;
  readonly run: Run;
  readonly timeoutMs: number;
  readonly onError: 'deny' | 'allow';
}

/** The hooks of a guard, in the order in which they are asked. */
export interface Hooks {
  readonly before: readonly Hook<BeforeHook>[];
  readonly limiters: readonly Hook<Limiter>[];
}
