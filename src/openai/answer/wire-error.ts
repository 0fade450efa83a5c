import { parseJson } from '../../core/json.ts';
import { property } from './json-search.ts';

/** The parts of OpenAI's error that say what it is about. */
export interface WireError {
  readonly message: string;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
  /** The HTTP status, where the error itself names one: other hosts write it as a number in `code`. */
  readonly status?: number;
}

/**
 * Reads an error, as OpenAI and other hosts write it: wrapped in `error` or in `response.error`, flat, as a
 * text alone, in a list (Gemini), or as the `detail` of a validation (FastAPI, Mistral). `undefined` for
 * anything else.
 */
export function readWireError(json: unknown): WireError | undefined {
  if (Array.isArray(json)) return readWireError(json[0]);
  const inner = property(json, 'error') || property(property(json, 'response'), 'error');
  // xAI has the code beside the text.
  if (typeof inner === 'string') return errorOf({ message: inner, code: property(json, 'code') });
  if (inner) return readWireError(inner);
  const message = property(json, 'message');
  if (typeof message === 'string') return errorOf({ ...(json as object), message });
  return detailError(json, property(message, 'detail') ?? message ?? property(json, 'detail'));
}

/** What a validation says: a text, or a list of faults, each with its place in the body. */
function detailError(json: unknown, detail: unknown): WireError | undefined {
  if (typeof detail === 'string') return errorOf({ message: detail });
  const fault: unknown = Array.isArray(detail) ? detail[0] : undefined;
  const message = property(fault, 'msg');
  if (typeof message !== 'string') return undefined;
  return errorOf({ ...(json as object), message, param: placeOf(property(fault, 'loc')) });
}

function placeOf(location: unknown): string | undefined {
  if (!Array.isArray(location)) return undefined;
  return location.slice(location[0] === 'body' ? 1 : 0).join('.');
}

interface ErrorJson {
  readonly message: string;
  readonly type?: unknown;
  readonly param?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
}

function errorOf({ message, type, param, code, status }: ErrorJson): WireError {
  const httpStatus = [status, code].find(isErrorStatus);
  return {
    message,
    // The type of a flat event is that of the event.
    type: type === 'error' ? null : textOf(type),
    param: textOf(param),
    code: textOf(code),
    ...(httpStatus !== undefined && { status: httpStatus }),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const isErrorStatus = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 400 && (value as number) <= 599;

/** Reads an error in which nothing was made, as a whole JSON text. `undefined` for an answer. */
export function readRefusedJson(json: unknown): WireError | undefined {
  const response = property(json, 'response') ?? json;
  if (hasItems(response, 'choices') || hasItems(response, 'output') || hasItems(json, 'data')) {
    return undefined;
  }
  const isFlat = property(json, 'type') === 'error' || property(json, 'object') === 'error';
  return isFlat || property(response, 'error') ? readWireError(json) : undefined;
}

function hasItems(json: unknown, name: string): boolean {
  const items = property(json, name);
  return Array.isArray(items) && items.length > 0;
}

const REFUSAL_BYTES_MAX = 64 * 1024;
const ERROR = '"error"';

/** Reads the error of a whole answer that came with a status of success. */
export function readRefusedAnswer(bytes: Uint8Array): WireError | undefined {
  if (bytes.byteLength > REFUSAL_BYTES_MAX) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = buffer.indexOf(ERROR); at >= 0; at = buffer.indexOf(ERROR, at + 1)) {
    const behind = buffer.toString('latin1', at + ERROR.length, at + ERROR.length + 16);
    // A response that did not fail has `"error": null`.
    if (!/^\s*:\s*null/.test(behind)) return readRefusedJson(parseJson(buffer.toString('utf8')));
  }
  return undefined;
}
