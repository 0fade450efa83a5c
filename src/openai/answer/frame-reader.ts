import { endOfString, parseJson } from '../../base/json-text.ts';
import type { Endpoint } from '../endpoints.ts';
import { readWireError, type WireError } from './blocked-identifier.ts';
import { type Frame, parseFrame } from './sse-frames.ts';
import { type Reading, readUsage } from './usage.ts';

export interface FrameReaderSettings {
  /** How many choices were asked for; default 1. */
  readonly choices?: number;
  /** Default false, which leaves `textBytes` at 0. */
  readonly countsText?: boolean;
}

/** What the frames of one stream have said so far. */
export class FrameReader {
  terminal = false;
  failed = false;
  failure: WireError | undefined;
  reading: Reading | undefined;
  readingIsFinal = false;
  textBytes = 0;
  readonly #endpoint: Endpoint;
  readonly #choices: number;
  readonly #countsText: boolean;

  constructor(endpoint: Endpoint, { choices = 1, countsText = false }: FrameReaderSettings) {
    this.#endpoint = endpoint;
    this.#choices = choices;
    this.#countsText = countsText;
  }

  read(text: string): void {
    const frame = parseFrame(text);
    this.textBytes += this.textBytesOf(frame);
    if (this.#endpoint.stream === 'events') this.#readEvent(frame);
    else this.#readChunk(frame);
  }

  /** A frame that is too long to be read: all of it may be text, and only its name tells its kind. */
  readLoose(piece: string, first: boolean): void {
    if (this.#countsText) this.textBytes += piece.length;
    if (first && endings.has(parseFrame(piece).event)) this.terminal = true;
  }

  /** Bytes of generated text, of a whole frame or one that has only begun. */
  textBytesOf({ event, data }: Frame): number {
    if (data === '' || !this.#countsText) return 0;
    if (this.#endpoint.stream === 'events') return eventTextBytes(typeOf(event, data), data);
    return this.#endpoint.name === 'completions' ? choiceTextBytes(data) : deltaTextBytes(data);
  }

  #readChunk({ event, data }: Frame): void {
    if (data === '[DONE]') this.terminal = true;
    else if (event === 'error' || data.includes('error":')) this.#readError(event, data);
    if (hasUsage(data)) this.#readUsage(parseJson(data));
  }

  #readEvent({ event, data }: Frame): void {
    const type = typeOf(event, data);
    if (type === 'error' || type === '') return this.#readError(type, data);
    if (type.endsWith('.delta')) return;
    if (endings.has(type)) this.terminal = true;
    if (type === 'response.failed') {
      this.failure = readWireError(property(parseWords(data), 'response'));
    }
    if (hasUsage(data)) this.#readUsage(property(parseJson(data), 'response'));
  }

  #readError(event: string, data: string): void {
    const json = parseWords(data);
    if (event !== 'error' && !property(json, 'error')) return;
    this.failed = true;
    this.failure = readWireError(json);
    this.terminal = true;
  }

  /** Later counts replace earlier ones; one that makes no sense replaces nothing. */
  #readUsage(json: unknown): void {
    const reading = readUsage(this.#endpoint, json);
    if (reading === undefined) return;
    this.reading = reading;
    const ended = this.terminal && !this.failed;
    this.readingIsFinal = ended || endsAll(property(json, 'choices'), this.#choices);
  }
}

/** OpenAI counts once, in a chunk without choices; other hosts count on in each chunk. */
function endsAll(choices: unknown, count: number): boolean {
  if (!Array.isArray(choices)) return false;
  const hasEnded = (choice: unknown) => typeof property(choice, 'finish_reason') === 'string';
  return choices.length === 0 || (choices.length >= count && choices.every(hasEnded));
}

const endings: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
]);

/** For what a person is to read: of frames a character is one byte. */
function parseWords(data: string): unknown {
  return parseJson(Buffer.from(data, 'latin1').toString('utf8'));
}

function property(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null
    ? (json as Record<string, unknown>)[name]
    : undefined;
}

/**
 * Where a quoted key and what follows it stands, without its first quote; negative where it does not.
 * Inside a string its quotes would be escaped. A search that began with a quote would stop at each.
 */
function keyIndex(data: string, key: string, from = 0): number {
  let at = data.indexOf(key, from);
  while (at > 0 && data.charCodeAt(at - 1) !== QUOTE) at = data.indexOf(key, at + 1);
  return at;
}

const QUOTE = 0x22;
const USAGE = 'usage":';

function hasUsage(data: string): boolean {
  if (data.endsWith('"usage":null}')) return false;
  const at = keyIndex(data, USAGE);
  return at >= 0 && !data.startsWith('null', at + USAGE.length);
}

const TYPE_START = '{"type":"';

/** Empty when there is none. */
function typeOf(event: string, data: string): string {
  if (event !== '') return event;
  if (data.startsWith(TYPE_START)) {
    return data.slice(TYPE_START.length, data.indexOf('"', TYPE_START.length));
  }
  const type = property(parseJson(data), 'type');
  return typeof type === 'string' ? type : '';
}

function eventTextBytes(type: string, data: string): number {
  if (type.endsWith('.delta')) return valueBytes(data, '"delta":"', '"delta"');
  // The name of a function is generated as well, and comes in no delta.
  return type === 'response.output_item.added' ? valueBytes(data, '"name":"', '"name"') : 0;
}

/** Of the one string behind `opening`; escapes are counted as they are written, which is never less. */
function valueBytes(data: string, opening: string, key: string): number {
  const at = data.indexOf(opening);
  if (at < 0) return data.includes(key) ? stringBytes(parseJson(data), data.length) : 0;
  const start = at + opening.length;
  return stringEnd(data, start - 1) - start;
}

function stringEnd(data: string, quote: number): number {
  const end = endOfString(data, quote);
  return end < 0 ? data.length : end;
}

const TEXT = '"text":"';

function choiceTextBytes(data: string): number {
  let bytes = 0;
  let at = data.indexOf(TEXT);
  if (at < 0) return data.includes('"text"') ? choicesBytes(data) : 0;
  while (at >= 0) {
    const start = at + TEXT.length;
    const end = stringEnd(data, start - 1);
    bytes += end - start;
    at = data.indexOf(TEXT, end);
  }
  return bytes;
}

const DELTA = 'delta":{';

/** All strings of all deltas: content, refusals, names and arguments of tools, whatever comes next. */
function deltaTextBytes(data: string): number {
  let at = keyIndex(data, DELTA);
  if (at < 0) return data.includes('"delta"') ? choicesBytes(data) : 0;
  let bytes = 0;
  while (at >= 0) {
    const start = at + DELTA.length;
    at = keyIndex(data, DELTA, start);
    bytes += stringValuesBytes(data, start, deltaEnd(data, start, at));
  }
  return bytes;
}

/** What follows a delta holds strings too, but none that the model wrote once more. */
function deltaEnd(data: string, start: number, next: number): number {
  const limit = next < 0 ? data.length : next;
  for (const key of ['logprobs":', 'finish_reason":']) {
    const end = keyIndex(data, key, start);
    if (end >= 0 && end < limit) return end;
  }
  return limit;
}

function stringValuesBytes(data: string, from: number, end: number): number {
  let bytes = 0;
  let at = data.indexOf(':"', from);
  while (at >= 0 && at < end) {
    const start = at + 2;
    const close = stringEnd(data, start - 1);
    if (!isLabel(data, at)) bytes += close - start;
    at = data.indexOf(':"', close);
  }
  return bytes;
}

const labels = ['"role"', '"type"', '"id"'];

/** Keys whose values the model did not write. */
function isLabel(data: string, keyEnd: number): boolean {
  for (const key of labels) if (data.startsWith(key, keyEnd - key.length)) return true;
  return false;
}

/** For JSON that is written in another way than OpenAI writes it. */
function choicesBytes(data: string): number {
  const json = parseJson(data);
  return json === undefined ? data.length : stringBytes(property(json, 'choices'), data.length);
}

function stringBytes(value: unknown, most: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 0;
  const bytes = Object.values(value).reduce(
    (sum: number, item) => sum + stringBytes(item, most),
    0,
  );
  return Math.min(bytes, most);
}
