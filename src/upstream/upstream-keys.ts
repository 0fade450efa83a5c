import { after, isPromiseLike, type Soon, withHookDeadline } from '../base/deadline.ts';
import type { User } from '../core/user.ts';
import { isKey, wrongKey } from './key-text.ts';
import { Redaction } from './redaction.ts';

/** OpenAI's key, and optionally the project and organization to bill. Only the server sets them. */
export type ApiKey =
  | string
  | { readonly key: string; readonly project?: string; readonly organization?: string };

/** The call that needs a key. */
export interface KeyRequest {
  /** The name of the plan. */
  readonly plan: string;
  /** The key that OpenAI has just refused: return another one if there is one. `undefined` at first. */
  readonly refused?: string;
}

/**
 * Returns OpenAI's key for a call. It has `timeouts.hook`; when it fails or is late, the call fails
 * with 500.
 */
export type ApiKeySource = (user: User, request: KeyRequest) => ApiKey | Promise<ApiKey>;

/** The header that carries the key. `none`: the host needs no key. */
export type ApiKeyHeader = 'authorization' | 'api-key' | 'none';

/** A key as it is sent. */
export interface UpstreamKey {
  /** Empty where the host needs none. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Removes it from what OpenAI says. */
  readonly redaction: Redaction;
}

/** Gets the key of each call from the app, and keeps the latest one as it is sent. */
export class UpstreamKeys {
  readonly #source: ApiKeySource;
  readonly #fixedHeaders: Readonly<Record<string, string>>;
  readonly #deadlineMs: number;
  readonly #keyHeader: ApiKeyHeader;
  /** Keys that were in use. Empty once they are known to be several. */
  readonly #accounts = new Set<string>();
  #account: string | undefined;
  #latest: { readonly answer: ApiKey; readonly key: UpstreamKey } | undefined;
  #areSeveral = false;

  /** `fixedHeaders` go with every call. With `none` the source is never called. */
  constructor(
    source: ApiKeySource,
    fixedHeaders: Readonly<Record<string, string>>,
    deadlineMs: number,
    keyHeader: ApiKeyHeader = 'authorization',
  ) {
    this.#source = keyHeader === 'none' ? () => NO_KEY : source;
    this.#fixedHeaders = fixedHeaders;
    this.#deadlineMs = deadlineMs;
    this.#keyHeader = keyHeader;
  }

  /**
   * Whether calls have different keys in turn, such as one for each plan. Each has limits of its own, which
   * are not known. A key that replaces another one for good is not several.
   */
  get areSeveral(): boolean {
    return this.#areSeveral;
  }

  /** Throws when the source fails, is late, or returns something that cannot be a key. */
  keyFor(user: User, plan: string): Soon<UpstreamKey> {
    return this.#ask(user, { plan });
  }

  /** Returns another key than the refused one; `undefined` when there is none, or the source fails. */
  async keyAfter(refused: UpstreamKey, user: User, plan: string): Promise<UpstreamKey | undefined> {
    try {
      const other = await this.#ask(user, { plan, refused: refused.key });
      return other.key === refused.key ? undefined : other;
    } catch {
      return undefined;
    }
  }

  #ask(user: User, request: KeyRequest): Soon<UpstreamKey> {
    const source = this.#source;
    const answer = source(user, request);
    const isReplacement = request.refused !== undefined;
    if (!isPromiseLike(answer)) return this.#keyOf(answer, isReplacement);
    return after(withHookDeadline(answer, this.#deadlineMs, 'apiKey'), (key) =>
      this.#keyOf(key, isReplacement),
    );
  }

  #keyOf(answer: ApiKey, isReplacement: boolean): UpstreamKey {
    // Most apps return the same string on every call.
    if (typeof answer === 'string' && this.#latest?.answer === answer) return this.#latest.key;
    const key = toUpstreamKey(answer, this.#fixedHeaders, this.#keyHeader);
    this.#latest = { answer, key };
    if (!isReplacement) this.#noteAccount(key);
    return key;
  }

  #noteAccount({ key, headers }: UpstreamKey): void {
    const account = `${key}\n${headers['openai-project']}\n${headers['openai-organization']}`;
    if (account === this.#account) return;
    this.#areSeveral ||= this.#accounts.has(account) || this.#accounts.size >= ACCOUNTS_MAX;
    if (!this.#areSeveral) this.#accounts.add(account);
    this.#account = account;
  }
}

/** No app replaces its key so often. */
const ACCOUNTS_MAX = 100;
const NO_KEY = '';

function toUpstreamKey(
  answer: unknown,
  fixedHeaders: Readonly<Record<string, string>>,
  keyHeader: ApiKeyHeader,
): UpstreamKey {
  if (keyHeader === 'none') {
    return { key: NO_KEY, headers: fixedHeaders, redaction: new Redaction(NO_KEY) };
  }
  const given = typeof answer === 'object' && answer !== null ? answer : { key: answer };
  const { key, project, organization } = given as Readonly<Record<string, unknown>>;
  const text = headerText(key, '"apiKey"');
  const headers: Record<string, string> = {
    ...fixedHeaders,
    [keyHeader]: keyHeader === 'authorization' ? `Bearer ${text}` : text,
  };
  if (project !== undefined) headers['openai-project'] = headerText(project, '"apiKey".project');
  if (organization !== undefined) {
    headers['openai-organization'] = headerText(organization, '"apiKey".organization');
  }
  return { key: text, headers, redaction: new Redaction(text) };
}

function headerText(value: unknown, name: string): string {
  if (typeof value === 'string' && isKey(value)) return value;
  throw new TypeError(`${name} ${wrongKey(value)}`);
}
