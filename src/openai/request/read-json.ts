import {
  isPromiseLike,
  type SharedDeadline,
  type Soon,
  withDeadline,
} from '../../base/deadline.ts';
import { type Denial, deny, isDenial } from '../../core/denial.ts';
import { BodyError } from '../../core/errors.ts';
import {
  checkParsedJson,
  type ParsedJson,
  parseStrictJson,
  parseStrictText,
} from '../../core/json.ts';
import type { BodyRoom, GuardRequest, RequestBody } from '../../core/request.ts';

const JSON_MEDIA_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i;

export interface BodyBounds {
  readonly bytesMax: number;
  /** How long a body may take to arrive. */
  readonly deadline: SharedDeadline;
}

/** Reads the JSON body of a request, and counts it in `room`. Returns a denial if there is none. */
export function readJson(
  request: GuardRequest,
  bounds: BodyBounds,
  room?: BodyRoom,
): Soon<ParsedJson | Denial> {
  const unsupported = unsupportedMedia(request);
  if (unsupported !== undefined) return unsupported;
  return readBody(request, bounds, room, (body) => parseBody(body, bounds, room));
}

/** The same for a request that may come without a body. Returns `undefined` then. */
export function readOptionalJson(
  request: GuardRequest,
  bounds: BodyBounds,
): Soon<ParsedJson | Denial | undefined> {
  return readBody(request, bounds, undefined, (body) =>
    isEmpty(body) ? undefined : (unsupportedMedia(request) ?? parseBody(body, bounds, undefined)),
  );
}

function readBody<T>(
  request: GuardRequest,
  { bytesMax, deadline }: BodyBounds,
  room: BodyRoom | undefined,
  parse: (body: RequestBody) => T | Denial,
): Soon<T | Denial> {
  try {
    const body = withDeadline(request.readBody(bytesMax, room), deadline, lateBody);
    return isPromiseLike(body) ? body.then(parse).catch(denialOf) : parse(body);
  } catch (error) {
    return denialOf(error);
  }
}

function denialOf(error: unknown): Denial {
  if (error instanceof BodyError) return deny(error.code, error.message);
  throw error;
}

/** A parser of the host turns an absent body into an empty object. */
function isEmpty(body: RequestBody): boolean {
  if (body.kind === 'bytes') return body.bytes.byteLength === 0;
  if (body.kind === 'text') return body.byteLength === 0;
  const { value } = body;
  return typeof value === 'object' && Object.keys(value ?? {}).length === 0;
}

const lateBody = () => new BodyError('invalid_request', 'The body did not arrive in time.');

function unsupportedMedia(request: GuardRequest): Denial | undefined {
  const encoding = request.header('content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return deny('unsupported_media_type', 'Send the body without "content-encoding".');
  }
  if (JSON_MEDIA_TYPE.test(request.header('content-type') ?? '')) return undefined;
  return deny('unsupported_media_type', 'Send JSON, with "content-type: application/json".');
}

function parseBody(
  body: RequestBody,
  { bytesMax }: BodyBounds,
  room: BodyRoom | undefined,
): ParsedJson | Denial {
  if (body.kind === 'bytes') return parseStrictJson(body.bytes);
  if (body.kind === 'text') return parseStrictText(body.text, body.byteLength);
  const parsed = checkParsedJson(body.value);
  if (isDenial(parsed)) return parsed;
  // The host's own parser may let more through than we do.
  if (parsed.bytes > bytesMax) {
    return deny('request_too_large', `The body is larger than ${bytesMax} bytes.`);
  }
  room?.take(parsed.bytes);
  return parsed;
}
