import { after, type Soon, withHookDeadline } from '../base/deadline.ts';
import type { User } from '../core/user.ts';

/** OpenAI's key, and if need be the project and organization to bill; both are set by the server alone. */
export type ApiKey =
  | string
  | { readonly key: string; readonly project?: string; readonly organization?: string };

/** For which call a key is asked. */
export interface KeyRequest {
  /** The name of the plan. */
  readonly plan: string;
  /** A key that OpenAI has just refused: is there another one? `undefined` at first. */
  readonly refused?: string;
}

export type ApiKeySource = (user: User, request: KeyRequest) => ApiKey | Promise<ApiKey>;

/** A key as it is sent. */
export interface UpstreamKey {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface UpstreamKeys {
  /** Throws when the source fails, is late, or answers what cannot be a key. */
  keyFor(user: User, plan: string): Soon<UpstreamKey>;
  /** Another key than the refused one; `undefined` when there is none, or it cannot be had. */
  keyAfter(refused: UpstreamKey, user: User, plan: string): Promise<UpstreamKey | undefined>;
}

export function createUpstreamKeys(
  source: ApiKeySource,
  fixedHeaders: Readonly<Record<string, string>>,
  deadlineMs: number,
): UpstreamKeys {
  let latest: { readonly answer: ApiKey; readonly key: UpstreamKey } | undefined;
  const keyOf = (answer: ApiKey): UpstreamKey => {
    // Most apps answer the same text at every call.
    if (typeof answer === 'string' && latest?.answer === answer) return latest.key;
    const key = toUpstreamKey(answer, fixedHeaders);
    latest = { answer, key };
    return key;
  };
  const ask = (user: User, request: KeyRequest): Soon<UpstreamKey> =>
    after(withHookDeadline(source(user, request), deadlineMs, 'apiKey'), keyOf);
  return {
    keyFor: (user, plan) => ask(user, { plan }),
    async keyAfter(refused, user, plan) {
      try {
        const other = await ask(user, { plan, refused: refused.key });
        return other.key === refused.key ? undefined : other;
      } catch {
        return undefined;
      }
    },
  };
}

function toUpstreamKey(
  answer: unknown,
  fixedHeaders: Readonly<Record<string, string>>,
): UpstreamKey {
  const given = typeof answer === 'object' && answer !== null ? answer : { key: answer };
  const { key, project, organization } = given as Readonly<Record<string, unknown>>;
  const headers: Record<string, string> = {
    ...fixedHeaders,
    authorization: `Bearer ${headerText(key, '"apiKey"')}`,
  };
  if (project !== undefined) headers['openai-project'] = headerText(project, '"apiKey".project');
  if (organization !== undefined) {
    headers['openai-organization'] = headerText(organization, '"apiKey".organization');
  }
  return { key: String(key), headers };
}

function headerText(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value;
  throw new TypeError(`${name} must answer a non-empty text without spaces or control characters`);
}
