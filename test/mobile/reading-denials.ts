import { type Json, jsonOrUndefined } from './reading-streams.ts';

/** What an app learns from a denial. A field that its client does not pass on is absent. */
export interface Denied {
  readonly status?: number;
  /** The name of the exception, if the app tells denials apart by it. */
  readonly exception?: string;
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | null;
  readonly resetsAt?: number;
}

/** Reads a denial as one client does, or throws if that client cannot read it. */
export type ReadDenial = (status: number, headers: Headers, text: string) => Denied;

function text(error: Json, name: string): string {
  const value = error[name];
  if (typeof value !== 'string') throw new TypeError(`error.${name} is no string.`);
  return value;
}

function textOrNull(error: Json, name: string): string | null {
  return error[name] === undefined || error[name] === null ? null : text(error, name);
}

function errorOf(body: Json | undefined): Json {
  if (typeof body?.error !== 'object' || body.error === null) throw new TypeError('No error.');
  return body.error as Json;
}

function read(error: Json): Denied {
  const { resets_at, ...fields } = error as Denied & { readonly resets_at?: number };
  return { ...fields, ...(resets_at !== undefined && { resetsAt: resets_at }) };
}

/** Like `read`, for a client that checks the types. */
function decoded(error: Json): Denied {
  text(error, 'message');
  text(error, 'type');
  textOrNull(error, 'code');
  return read(error);
}

/** openai_dart 0.6 passes on the status and the body, and the app parses the body. */
export const bodyForTheApp: ReadDenial = (status, _headers, body) => ({
  status,
  ...read(errorOf(JSON.parse(body) as Json)),
});

/**
 * openai_dart ≥ 1 and the official clients make an exception of the status, with those fields of
 * the body that are present. A body of another shape is not an error to them.
 */
export const byStatusAndBody: ReadDenial = (status, _headers, body) => {
  const error = jsonOrUndefined(body)?.error as Json | undefined;
  return { status, ...(error && read(error)) };
};

/**
 * dart_openai reads only the message and the status. A response without `error` counts as a
 * success.
 */
export const messageAlone: ReadDenial = (status, _headers, body) => ({
  status,
  message: text(errorOf(JSON.parse(body) as Json), 'message'),
});

/** MacPaw, a buffered response: the body decides, whatever the status. */
export const bodyAlone: ReadDenial = (_status, _headers, body) =>
  decoded(errorOf(JSON.parse(body) as Json));

/** MacPaw, a stream: the body of a denial is never read. */
export const headersAlone: ReadDenial = (status, headers) => {
  const reset = headers.get('x-guard-reset');
  return {
    status,
    code: headers.get('x-guard-code'),
    ...(reset !== null && { resetsAt: Number(reset) }),
  };
};

const KOTLIN_EXCEPTIONS: Readonly<Record<number, string>> = {
  400: 'InvalidRequest',
  401: 'Authentication',
  403: 'Permission',
  404: 'InvalidRequest',
  409: 'InvalidRequest',
  415: 'InvalidRequest',
  429: 'RateLimit',
};

/** openai-kotlin: any 4xx must be JSON in OpenAI's shape. The body of a 5xx is not read. */
export const kotlinException: ReadDenial = (status, _headers, body) => {
  if (status >= 500) return { status, exception: 'Server' };
  const json = jsonOrUndefined(body);
  if (json === undefined) throw new TypeError('NoTransformationFoundException');
  return {
    status,
    exception: KOTLIN_EXCEPTIONS[status] ?? 'UnknownAPI',
    ...decoded(errorOf(json)),
  };
};
