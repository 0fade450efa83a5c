import type { Endpoint } from '../endpoints.ts';

export interface StreamFailure {
  readonly code: string;
  readonly type: string;
  readonly message: string;
}

/**
 * The event that ends a stream which began well and failed, so that every client reads a failure.
 * Never followed by `[DONE]`. It must follow a frame boundary. Chunk clients look for `error` in the
 * data; typed ones for the event `error`, whose data carries it flat and wrapped, since their versions
 * differ (openai 5, 6, 7; checked 2026-11).
 */
export function errorFrame(
  endpoint: Endpoint,
  { code, type, message }: StreamFailure,
  sequenceNumber = 0,
): Uint8Array {
  const error = { message, type, param: null, code };
  if (endpoint.stream !== 'events') return Buffer.from(`data: ${JSON.stringify({ error })}\n\n`);
  const flat = {
    type: 'error',
    error,
    code,
    message,
    param: null,
    sequence_number: sequenceNumber,
  };
  return Buffer.from(`event: error\ndata: ${JSON.stringify(flat)}\n\n`);
}
