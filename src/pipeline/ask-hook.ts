import { isPromiseLike, withDeadline } from '../base/deadline.ts';
import { type Denial, deny } from '../core/denial.ts';
import type { Events } from '../core/events.ts';
import type { GuardedEvent } from '../core/guarded-event.ts';
import type { Hook, HookContext } from './hook.ts';
import { CallContext, type HookedCall } from './hook-context.ts';
import type { RouteParts } from './route.ts';

export interface AskHookParts extends RouteParts {
  readonly events: Events;
}

/** What one kind of hook is, and what its answers mean. */
export interface HookKind<Run, Answer> {
  readonly name: GuardedEvent['kind'];
  /** Returns what the answer means. Throws `TypeError` for an answer that means nothing. */
  read(answer: unknown, hook: Hook<Run>): Answer;
  decisionOf(answer: Answer): GuardedEvent['decision'];
}

type Run = (context: HookContext) => unknown;

/**
 * Asks one hook. It has its own time-out, and is not waited for when the client has left. If it throws, is
 * late or returns something else, a `failed` event says so, and its `onError` decides: `undefined` passes.
 */
export async function askHook<R extends Run, Answer>(
  hook: Hook<R>,
  kind: HookKind<R, Answer>,
  call: HookedCall & { readonly gone: AbortSignal },
  parts: AskHookParts,
): Promise<Answer | Denial | undefined> {
  const startedMs = performance.now();
  const ended = (decision: GuardedEvent['decision']) => {
    if (!parts.events.isHeard('guarded')) return;
    const { identity, plan, endpoint, built } = call.authorized;
    parts.events.emit('guarded', {
      kind: kind.name,
      hook: hook.name,
      decision,
      userId: identity.user.id,
      plan: plan.name,
      endpoint: endpoint.name,
      model: built.model,
      ms: performance.now() - startedMs,
    });
  };
  try {
    const answer = kind.read(await answerOf(hook, call, parts), hook);
    ended(kind.decisionOf(answer));
    return answer;
  } catch (error) {
    if (call.gone.aborted) return CLIENT_LEFT;
    parts.events.emit('failed', { source: 'hook', error: failureOf(hook, kind, error) });
    ended('failed');
    return hook.onError === 'allow' ? undefined : denialFor(error);
  }
}

/** No client reads it. */
export const CLIENT_LEFT = deny('upstream_failed', 'The client left before the answer.');
const UNAVAILABLE = deny('hook_unavailable', 'A check of this request is not available now.');
const MISTAKE = deny('internal_error', 'The service could not handle the request.');

/** An answer that means nothing comes again, so that a retry would not help. */
const denialFor = (error: unknown): Denial =>
  error instanceof HookAnswerError ? MISTAKE : UNAVAILABLE;

/** A hook returned something that means nothing. */
export class HookAnswerError extends TypeError {
  override readonly name = 'HookAnswerError';
}

function failureOf<R, A>({ name }: Hook<R>, kind: HookKind<R, A>, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  return new Error(`The ${kind.name} "${name}" failed: ${why}`, { cause: error });
}

async function answerOf<R extends Run>(
  { run, timeoutMs }: Hook<R>,
  call: HookedCall & { readonly gone: AbortSignal },
  parts: AskHookParts,
): Promise<unknown> {
  const context = new CallContext(call, parts);
  const answer = run(context);
  if (!isPromiseLike(answer)) return answer;
  const late = () => new Error(`it did not answer within ${timeoutMs} ms`);
  try {
    return await withDeadline(untilGone(answer, call.gone), timeoutMs, late);
  } catch (error) {
    context.end(error instanceof Error ? error : new Error('it failed', { cause: error }));
    throw error;
  }
}

/** Rejects when the client leaves. What the hook returns later is not used. */
function untilGone<T>(answer: PromiseLike<T>, gone: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const left = () => reject(new Error('the client left'));
    gone.addEventListener('abort', left, { once: true });
    const done = () => gone.removeEventListener('abort', left);
    answer.then(resolve, reject).then(done, done);
    if (gone.aborted) left();
  });
}
