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
 * error both flat and wrapped, because versions of the SDK differ (openai 5, 6, 7; checked 2026-11). Its
 * number follows that of the last event, because some clients refuse one that goes back.
 */
export function eventError(failure: StreamFailure, last: string): Uint8Array {
  const error = errorOf(failure);
  const { code, message } = failure;
  const sequence_number = sequenceAfter(last);
  const data = { type: 'error', error, code, message, param: null, sequence_number };
  return Buffer.from(`event: error\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Inside a string the quotes of the key would be escaped. */
const SEQUENCE_NUMBER = /"sequence_number"\s*:\s*(\d{1,15})/;

const sequenceAfter = (last: string): number => Number(SEQUENCE_NUMBER.exec(last)?.[1] ?? -1) + 1;
