import { withDeadline } from '../deadline.ts';
import { BodyError, type Denial, deny, isDenial } from '../errors.ts';
import type { GuardRequest, RequestBody } from '../exchange.ts';
import { checkParsedJson, type ParsedJson, parseStrictJson } from './strict-json.ts';

const JSON_MEDIA_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i;

export interface BodyBounds {
  readonly bytesMax: number;
  readonly deadlineMs: number;
}

/** The JSON body of a request, or the denial that says why there is none. */
export async function readJson(
  request: GuardRequest,
  bounds: BodyBounds,
): Promise<ParsedJson | Denial> {
  const unsupported = unsupportedMedia(request);
  if (unsupported !== undefined) return unsupported;
  const body = await readBody(request, bounds);
  return isDenial(body) ? body : parseBody(body, bounds);
}

/** The same where a request may come without a body, which is `undefined`. */
export async function readOptionalJson(
  request: GuardRequest,
  bounds: BodyBounds,
): Promise<ParsedJson | Denial | undefined> {
  const body = await readBody(request, bounds);
  if (isDenial(body)) return body;
  if (isEmpty(body)) return undefined;
  return unsupportedMedia(request) ?? parseBody(body, bounds);
}

async function readBody(
  request: GuardRequest,
  { bytesMax, deadlineMs }: BodyBounds,
): Promise<RequestBody | Denial> {
  try {
    return await withDeadline(request.readBody(bytesMax), deadlineMs, lateBody);
  } catch (error) {
    if (error instanceof BodyError) return deny(error.code, error.message);
    throw error;
  }
}

/** A parser of the host makes an empty object of nothing. */
function isEmpty(body: RequestBody): boolean {
  if (body.kind === 'bytes') return body.bytes.byteLength === 0;
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

function parseBody(body: RequestBody, { bytesMax }: BodyBounds): ParsedJson | Denial {
  if (body.kind === 'bytes') return parseStrictJson(body.bytes);
  const parsed = checkParsedJson(body.value);
  // The host's own parser may let more through than we do.
  if (isDenial(parsed) || parsed.bytes <= bytesMax) return parsed;
  return deny('request_too_large', `The body is larger than ${bytesMax} bytes.`);
}
