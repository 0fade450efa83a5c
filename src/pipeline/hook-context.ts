import { usdOf } from '../base/money.ts';
import type { ParsedJson } from '../core/json.ts';
import type { User } from '../core/user.ts';
import { isObject } from '../openai/request/wire-check.ts';
import { askModerations } from './ask-moderations.ts';
import type { HookContext, HookedAmounts, ModerationInput, ModerationResult } from './hook.ts';
import type { RouteParts } from './route.ts';
import type { Authorized } from './states.ts';

/** A call that hooks decide about, with the body that it would be sent with. */
export interface HookedCall {
  readonly authorized: Authorized;
  readonly body: ParsedJson;
}

/** What one hook sees. `body` is copied when the hook reads it, and is not shown when this is printed. */
export class CallContext implements HookContext {
  readonly #call: HookedCall;
  readonly #parts: RouteParts;
  readonly #ended = new AbortController();
  #body: Readonly<Record<string, unknown>> | undefined;

  constructor(call: HookedCall, parts: RouteParts) {
    this.#call = call;
    this.#parts = parts;
  }

  get user(): User {
    return this.#call.authorized.identity.user;
  }

  get tokenId(): string | undefined {
    return this.#call.authorized.identity.tokenId;
  }

  get plan(): string {
    return this.#call.authorized.plan.name;
  }

  get endpoint(): string {
    return this.#call.authorized.endpoint.name;
  }

  get model(): string {
    const { body, authorized } = this.#call;
    const named = isObject(body.value) ? body.value['model'] : undefined;
    return typeof named === 'string' ? named : authorized.built.model;
  }

  get key(): string {
    return this.user.id;
  }

  get address(): string | undefined {
    return this.#call.authorized.request.remoteAddress;
  }

  get most(): HookedAmounts {
    const { tokens, inputTokens, outputTokens, nanoUsd } = this.#call.authorized.bound;
    return { tokens, inputTokens, outputTokens, usd: usdOf(nanoUsd) };
  }

  get body(): Readonly<Record<string, unknown>> {
    this.#body ??= structuredClone(this.#call.body.value) as Record<string, unknown>;
    return this.#body;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  moderations(input: ModerationInput): Promise<readonly ModerationResult[]> {
    return askModerations(this.#call.authorized, input, this.signal, this.#parts);
  }

  /** Its answer is not waited for any more. */
  end(reason: Error): void {
    this.#ended.abort(reason);
  }
}
