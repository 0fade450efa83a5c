import { parseJson } from '../../core/json.ts';
import { answerQuery } from './answer-query.ts';
import { JsonScanner } from './json-scanner.ts';
import { bufferOf, bytesAsText } from './sse-frames.ts';
import type { Reading, UsageReader } from './usage.ts';
import { asObject } from './usage-rules.ts';

/** Up to here it is faster to parse an answer than to scan it. */
const PARSED_BYTES_MAX = 256 * 1024;

/** A whole answer that was read. */
interface ReadAnswer {
  /** `undefined`: the answer does not say what it cost. */
  readonly reading: Reading | undefined;
  /** The parsed answer; `undefined` for a large one, of which only the cost is read. */
  readonly json: unknown;
}

/**
 * Reads the cost from a whole answer of any length. `'invalid'`: the bytes are no JSON object, so this is
 * no answer of OpenAI's.
 */
export function readAnswer(
  usage: UsageReader | undefined,
  bytes: Uint8Array,
): ReadAnswer | 'invalid' {
  if (bytes.byteLength > PARSED_BYTES_MAX) {
    const scanned = scan(bytes);
    return scanned === undefined ? 'invalid' : { reading: usage?.(scanned), json: undefined };
  }
  const text = bufferOf(bytes).toString('utf8');
  const json = asObject(parseJson(text));
  if (json === undefined) return 'invalid';
  // The parser keeps the last of two, the scanner the larger one.
  return { reading: usage?.(repeatsUsage(text) ? scan(bytes) : json), json };
}

function scan(bytes: Uint8Array): unknown {
  const scanner = new JsonScanner(answerQuery);
  scanner.push(bytesAsText(bytes));
  return scanner.value;
}

const USAGE = '"usage"';

const repeatsUsage = (text: string): boolean => text.indexOf(USAGE) !== text.lastIndexOf(USAGE);
