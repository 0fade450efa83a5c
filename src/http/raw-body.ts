import { withDeadline } from '../deadline.ts';
import { BodyError } from '../errors.ts';
import type { GuardRequest } from '../exchange.ts';

const BODY_BYTES_MAX = 64 * 1024;
const BODY_MS_MAX = 10_000;

/** The host left no raw body to verify. Not the sender's fault, who may repeat it until that is mended. */
export class RawBodyError extends Error {
  override readonly name = 'RawBodyError';
}

/**
 * The body as it was sent, since its signature is over its bytes. Throws `BodyError` for one that is too
 * large, late or cut off, `RawBodyError` for one that the host has parsed.
 */
export async function readSignedBody(request: GuardRequest): Promise<string> {
  const body = await withDeadline(request.readBody(BODY_BYTES_MAX), BODY_MS_MAX, late);
  if (body.kind === 'text') return body.text;
  if (body.kind === 'bytes') return Buffer.from(body.bytes).toString('utf8');
  throw new RawBodyError(
    'The signature is over the raw body, which a body parser of the host has parsed: mount the webhooks before it.',
  );
}

const late = () => new BodyError('invalid_request', 'The body did not arrive in time.');
