import { parseJson } from '../../core/json.ts';
import type { Reading, UsageReader } from './usage.ts';
import { asObject } from './usage-rules.ts';

const WHOLE_BYTES_MAX = 256 * 1024;
const TAIL_BYTES = 64 * 1024;
const CANDIDATES_MAX = 8;

/** A whole answer that was read. */
interface ReadAnswer {
  /** `undefined`: the answer does not say what it cost. */
  readonly reading: Reading | undefined;
  /** The parsed answer; `undefined` for a large one of which only the end was parsed. */
  readonly json: unknown;
}

/**
 * Reads the cost from a whole answer. `'invalid'`: the bytes are no JSON object, so this is no answer
 * of OpenAI's.
 */
export function readAnswer(
  usage: UsageReader | undefined,
  bytes: Uint8Array,
): ReadAnswer | 'invalid' {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (usage !== undefined && buffer.byteLength > WHOLE_BYTES_MAX) {
    const reading = readTail(usage, buffer);
    if (reading !== undefined) return { reading, json: undefined };
  }
  const json = asObject(parseJson(buffer.toString('utf8')));
  return json === undefined ? 'invalid' : { reading: usage?.(json), json };
}

/**
 * Reads large answers (embeddings, long texts) from their end. What follows a top-level `"usage"` is,
 * behind a `{`, again one JSON object. Behind a nested one it has a brace too many. Inside a string the
 * quotes would be escaped.
 */
function readTail(usage: UsageReader, buffer: Buffer): Reading | undefined {
  if (buffer[0] !== 0x7b) return undefined;
  const tail = buffer.subarray(-TAIL_BYTES).toString('utf8');
  let at = tail.length;
  for (let tries = 0; tries < CANDIDATES_MAX && at > 0; tries++) {
    at = tail.lastIndexOf('"usage"', at - 1);
    if (at < 0) return undefined;
    const reading = usage(parseJson(`{${tail.slice(at)}`));
    if (reading !== undefined) return reading;
  }
  return undefined;
}
