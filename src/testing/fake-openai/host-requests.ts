import { errorReply } from './error-replies.ts';
import type { FakeHost, HostRequest, HostRoute } from './host.ts';
import { type FakeJson, isRecord } from './json.ts';
import type { Reply } from './script.ts';

const CAPS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'];
const END_USERS = ['safety_identifier', 'user', 'user_id'];

/** The cap of each endpoint, as OpenAI calls it. */
const CAP_OF: Readonly<Record<string, string>> = {
  '/chat/completions': 'max_completion_tokens',
  '/responses': 'max_output_tokens',
  '/completions': 'max_tokens',
};

/** The body as OpenAI would have it, or the refusal of the host. */
type HostVerdict = { readonly body: FakeJson } | { readonly refusal: Reply };

/** Reads a request as its host does. */
export function readByHost(
  host: FakeHost,
  { endpoint, request, model }: HostRoute,
  sent: FakeJson,
): HostVerdict {
  const named = model === undefined ? sent : { ...sent, model };
  if (request === undefined) return { body: named };
  const refusal = refusalOf(host, request, named);
  return refusal ? { refusal } : { body: asOpenAIHas(host, endpoint, request, named) };
}

function asOpenAIHas(
  host: FakeHost,
  endpoint: string,
  request: HostRequest,
  named: FakeJson,
): FakeJson {
  const rest = Object.entries(named).filter(
    ([name]) => !CAPS.includes(name) && !END_USERS.includes(name) && name !== 'service_tier',
  );
  return {
    ...Object.fromEntries(rest),
    ...renamed(CAP_OF[endpoint], firstOf(named, request.caps)),
    ...renamed('user', firstOf(named, request.endUser === undefined ? [] : [request.endUser])),
    ...renamed('service_tier', tierOf(host, named['service_tier'])),
  };
}

const firstOf = (body: FakeJson, names: readonly string[] = []): unknown =>
  names.map((name) => body[name]).find((value) => value !== undefined && value !== null);

const renamed = (name: string | undefined, value: unknown): FakeJson =>
  name === undefined || value === undefined ? {} : { [name]: value };

/** OpenAI's name of a tier of the host; `undefined` where the host decides. */
function tierOf({ tiers = {} }: FakeHost, asked: unknown): string | undefined {
  return Object.entries(tiers).find(([, name]) => name === asked)?.[0];
}

function refusalOf(host: FakeHost, request: HostRequest, body: FakeJson): Reply | undefined {
  const { caps = [], endUser = '', fields, fault } = request;
  const unknown =
    fields &&
    Object.keys(body).find((name) => ![...fields, ...caps, endUser, 'model'].includes(name));
  if (unknown !== undefined) {
    const [status, message] = host.unknownField(unknown);
    return refused(status, unknown, message);
  }
  const [field, why] = fault?.(body) ?? [];
  return field === undefined ? undefined : refused(400, field, why ?? '');
}

const refused = (status: number, field: string, message: string): Reply =>
  errorReply(status, 'invalid_request_error', null, message, field);

/** Returns a refusal in the words of OpenAI as the host writes it. */
export function asHostSays(host: FakeHost, reply: Reply): Reply {
  const { status = 200, body } = reply;
  const error = isRecord(body) ? body['error'] : undefined;
  if (!isRecord(error)) return reply;
  const { message, type, param, code } = error as Record<string, string>;
  const plain = {
    message: message ?? '',
    type: type ?? '',
    param: param ?? null,
    code: code ?? null,
  };
  return { ...reply, body: host.error(status, plain) };
}
