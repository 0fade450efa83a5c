import { type Denial, deny, isDenial } from '../core/denial.ts';
import { BodyError } from '../core/errors.ts';
import { type ParsedJson, parseStrictText } from '../core/json.ts';
import { isObject } from '../openai/request/wire-check.ts';
import {
  type AskHookParts,
  askHook,
  CLIENT_LEFT,
  HookAnswerError,
  type HookKind,
} from './ask-hook.ts';
import {
  type BeforeHook,
  type BeforeResult,
  HOOK_DENIAL_CODES,
  type Hooks,
  type Limiter,
} from './hook.ts';
import type { HookedCall } from './hook-context.ts';
import type { InFlightCalls } from './in-flight.ts';
import type { Authorized } from './states.ts';
import type { UserCounts } from './user-counts.ts';

export interface PassHooksParts extends AskHookParts {
  /** `undefined`: there are none. */
  readonly hooks: Hooks | undefined;
  /** The calls of each user that hooks decide about now. */
  readonly inHooks: UserCounts;
  readonly calls: InFlightCalls;
}

/** What hooks decide about, and what a replaced body needs. */
export interface Hookable extends HookedCall {
  /** The largest body of this plan. */
  readonly bytesMax: number;
  /** Checks and prices the call with another body. */
  again(body: ParsedJson): Authorized | Denial;
}

/**
 * Asks the `before` hooks in their order, then the limiters: the first denial ends the call. A body that a
 * hook returns is checked and priced like one from a client, once; the hooks behind it see that one. A call
 * that waits for hooks counts towards the calls that its user may have at once.
 */
export async function passHooks(
  hookable: Hookable,
  hooks: Hooks,
  parts: PassHooksParts,
): Promise<Authorized | Denial> {
  const { inHooks, calls } = parts;
  const { id } = hookable.authorized.identity.user;
  const denial = calls.denialFor(id, inHooks.of(id));
  if (denial !== undefined) return denial;
  inHooks.add(id);
  try {
    return await askAll(hookable, hooks, parts);
  } finally {
    inHooks.remove(id);
  }
}

async function askAll(
  hookable: Hookable,
  { before, limiters }: Hooks,
  parts: AskHookParts,
): Promise<Authorized | Denial> {
  const gone = new AbortController();
  hookable.authorized.request.onDisconnect(() => gone.abort());
  let call: HookedCall = hookable;
  for (const hook of before) {
    const answer = await askHook(hook, BEFORE, { ...call, gone: gone.signal }, parts);
    if (isDenial(answer)) return answer;
    if (answer === undefined) continue;
    const replaced = withBody(call, answer.text, hookable);
    if (isDenial(replaced)) return replaced;
    call = replaced;
  }
  for (const limiter of limiters) {
    if (gone.signal.aborted) return CLIENT_LEFT;
    const denial = await askHook(limiter, LIMITER, { ...call, gone: gone.signal }, parts);
    if (denial !== undefined) return denial;
  }
  return call.authorized;
}

interface ReplacedBody {
  readonly text: string;
}

const BEFORE: HookKind<BeforeHook, Denial | ReplacedBody | undefined> = {
  name: 'before',
  read(answer) {
    if (answer === undefined || isHookDenial(answer)) return answer;
    const text = bodyTextOf(answer as BeforeResult);
    if (text !== undefined) return { text };
    throw new HookAnswerError('it must return nothing, denyRequest(…), or { body } with an object');
  },
  decisionOf(answer) {
    if (answer === undefined) return 'passed';
    return isDenial(answer) ? 'denied' : 'replaced';
  },
};

function isHookDenial(answer: unknown): answer is Denial {
  return (
    isDenial(answer) && HOOK_DENIAL_CODES.has(answer.code) && typeof answer.message === 'string'
  );
}

/** `undefined` for what is no body. Throws what `JSON.stringify` throws, such as for a circle. */
function bodyTextOf(answer: unknown): string | undefined {
  const body = isObject(answer) ? answer['body'] : undefined;
  return isObject(body) ? JSON.stringify(body) : undefined;
}

function withBody(call: HookedCall, text: string, hookable: Hookable): HookedCall | Denial {
  const { bytesMax, again } = hookable;
  const byteLength = Buffer.byteLength(text);
  if (byteLength > bytesMax) {
    return deny('request_too_large', `The body is larger than ${bytesMax} bytes.`);
  }
  const parsed = parseStrictText(text, byteLength);
  if (isDenial(parsed)) return parsed;
  const denial = takeMore(call, parsed.bytes);
  if (denial !== undefined) return denial;
  const authorized = again(parsed);
  return isDenial(authorized) ? authorized : { authorized, body: parsed };
}

/** Counts what a larger body takes beyond the one before it. */
function takeMore({ authorized, body }: HookedCall, bytes: number): Denial | undefined {
  try {
    if (bytes > body.bytes) authorized.callBody.take(bytes - body.bytes);
    return undefined;
  } catch (error) {
    if (error instanceof BodyError) return deny(error.code, error.message);
    throw error;
  }
}

const LIMITER: HookKind<Limiter, Denial | undefined> = {
  name: 'limiter',
  read(answer, { name }) {
    if (answer === undefined) return undefined;
    const { allowed, resetsAtMs, remaining = 0 } = isObject(answer) ? answer : {};
    if (allowed === true) return undefined;
    if (allowed === false && isCount(resetsAtMs) && isCount(remaining)) {
      return limiterDenial(name, resetsAtMs, remaining);
    }
    throw new HookAnswerError('it must return nothing, or { allowed, resetsAtMs }');
  },
  decisionOf: (answer) => (answer === undefined ? 'passed' : 'denied'),
};

/** The last millisecond that a date can have. */
const DATE_MS_MAX = 8_640_000_000_000_000;

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= DATE_MS_MAX;

function limiterDenial(name: string, resetsAtMs: number, remaining: number): Denial {
  const fits = new Date(Math.ceil(resetsAtMs)).toISOString();
  return deny(
    'rate_limit_exceeded',
    `Too many calls in a short time. Limiter "${name}": ${remaining} left. It fits again at ${fits}.`,
    { resetsAtMs },
  );
}
