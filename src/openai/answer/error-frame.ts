export interface StreamFailure {
  readonly code: string;
  readonly type: string;
  readonly message: string;
}

const errorOf = ({ code, type, message }: StreamFailure) => ({ message, type, param: null, code });

/** The error event of a stream of chunks. Clients look for `error` in its data. */
export function chunkError(failure: StreamFailure): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify({ error: errorOf(failure) })}\n\n`);
}

/**
 * The error event of a stream of typed events. Clients look for the event `error`. Its data holds the
 * error both flat and wrapped, because versions of the SDK differ (openai 5, 6, 7; checked 2026-11).
 */
export function eventError(failure: StreamFailure): Uint8Array {
  const error = errorOf(failure);
  const { code, message } = failure;
  const data = { type: 'error', error, code, message, param: null, sequence_number: 0 };
  return Buffer.from(`event: error\ndata: ${JSON.stringify(data)}\n\n`);
}
