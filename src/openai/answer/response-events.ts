import { parseJson } from '../../core/json.ts';
import { eventError } from './error-frame.ts';
import { hasUsage, parseWords, property, stringBytes, stringEnd } from './json-search.ts';
import type { Frame } from './sse-frames.ts';
import type { StreamNotes, StreamProtocol } from './stream-protocol.ts';
import { readRefusedJson } from './wire-error.ts';

const endings: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'response.cancelled',
]);

/** Typed events of the Responses API. The last one is one of `endings` and carries the response. */
export const responseEvents: StreamProtocol = {
  usageOnRequest: false,
  read: readEvent,
  isAnswer,
  textBytes: eventTextBytes,
  errorFrame: eventError,
};

/** Events of a response of which nothing has been made. */
const announcements: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'keepalive',
]);

function isAnswer({ event, data }: Frame): boolean {
  if (data === '') return false;
  const type = typeOf(event, data);
  if (type === 'error' || announcements.has(type)) return false;
  return !data.includes('error"') || readRefusedJson(parseJson(data)) === undefined;
}

function readEvent({ event, data }: Frame, notes: StreamNotes): void {
  const type = typeOf(event, data);
  if (type === 'error' || type === '') return readError(type, data, notes);
  if (type.endsWith('.delta')) return;
  const isEnding = endings.has(type);
  const isSecondEnding = isEnding && notes.terminal && !notes.failed;
  if (isEnding) notes.terminal = true;
  if (type === 'response.failed') notes.noteFailure(parseWords(data));
  if (hasUsage(data)) notes.readUsage(property(parseJson(data), 'response'), isEnding);
  if (isSecondEnding) notes.noteSecondEnding();
}

function readError(type: string, data: string, notes: StreamNotes): void {
  const json = parseWords(data);
  if (type === 'error' || property(json, 'error')) notes.fail(json);
}

const TYPE_START = '{"type":"';

/** Empty when the event has no type. */
function typeOf(event: string, data: string): string {
  if (event !== '') return event;
  if (data.startsWith(TYPE_START)) {
    return data.slice(TYPE_START.length, data.indexOf('"', TYPE_START.length));
  }
  const type = property(parseJson(data), 'type');
  return typeof type === 'string' ? type : '';
}

function eventTextBytes({ event, data }: Frame): number {
  const type = typeOf(event, data);
  if (type.endsWith('.delta')) return valueBytes(data, '"delta":"', '"delta"');
  // The name of a function is generated too, and comes in no delta.
  return type === 'response.output_item.added' ? valueBytes(data, '"name":"', '"name"') : 0;
}

/** Bytes of the one string behind `opening`. Escapes count as they are written, which is never less. */
function valueBytes(data: string, opening: string, key: string): number {
  const at = data.indexOf(opening);
  if (at < 0) return data.includes(key) ? stringBytes(parseJson(data), data.length) : 0;
  const start = at + opening.length;
  return stringEnd(data, start - 1) - start;
}
