import { parseJson } from '../../core/json.ts';
import { chunkError } from './error-frame.ts';
import {
  hasUsage,
  hasValue,
  keyIndex,
  parseWords,
  property,
  stringBytes,
  stringEnd,
} from './json-search.ts';
import { plainChunkEnd } from './plain-chunk.ts';
import type { Frame } from './sse-frames.ts';
import type { StreamNotes, StreamProtocol } from './stream-protocol.ts';

const chunks = {
  usageOnRequest: true,
  read: readChunk,
  isAnswer,
  plainEnd: plainChunkEnd,
  errorFrame: chunkError,
} satisfies Partial<StreamProtocol>;

/** Chunks of chat completions. They end with `[DONE]`. */
export const chatChunks: StreamProtocol = {
  ...chunks,
  textBytes: ({ data }) => deltaTextBytes(data),
};

/** Chunks of the older completions, whose text is in no delta. They end with `[DONE]`. */
export const textChunks: StreamProtocol = {
  ...chunks,
  textBytes: ({ data }) => choiceTextBytes(data),
};

const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

/** Azure sends its check of the prompt in a chunk without choices, before anything is written. */
function isAnswer({ event, data }: Frame): boolean {
  if (data === '' || data === '[DONE]' || event === 'error') return false;
  return !saysError(data) && !NO_CHOICES.test(data);
}

/** An error that is wrapped, or flat as some hosts write it. Inside a string the quotes would be escaped. */
const ERROR = /"error"\s*:\s*(?!null)[^\s]|"(?:object|type)"\s*:\s*"error"/;

const saysError = (data: string): boolean => data.includes('error"') && ERROR.test(data);

const isError = (json: unknown): boolean =>
  Boolean(property(json, 'error')) ||
  property(json, 'object') === 'error' ||
  property(json, 'type') === 'error';

function readChunk({ event, data }: Frame, notes: StreamNotes): void {
  if (data === '[DONE]') {
    notes.terminal = true;
    return notes.confirmUsage();
  }
  if (event === 'error' || saysError(data)) {
    const json = parseWords(data);
    if (event === 'error' || isError(json)) notes.fail(json);
  }
  const withUsage = hasUsage(data);
  if (!withUsage && !hasValue(data, 'finish_reason"')) return;
  const json = parseJson(data);
  const isEmpty = noteEnds(property(json, 'choices'), notes);
  const isFinal = isEmpty || notes.choicesEnded || (notes.terminal && !notes.failed);
  if (withUsage) notes.readUsage(json, isFinal);
}

/** Notes which choices end. Returns whether there are none: OpenAI counts once, in such a chunk. */
function noteEnds(choices: unknown, notes: StreamNotes): boolean {
  if (!Array.isArray(choices)) return false;
  for (const choice of choices) {
    if (typeof property(choice, 'finish_reason') !== 'string') continue;
    notes.endChoice(property(choice, 'index'));
  }
  return choices.length === 0;
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

/** All strings of all deltas: content, refusals, names and arguments of tools, and later additions. */
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

/** What follows a delta holds strings too, but the model did not write them once more. */
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

/** Keys of values that the model did not write. */
function isLabel(data: string, keyEnd: number): boolean {
  for (const key of labels) if (data.startsWith(key, keyEnd - key.length)) return true;
  return false;
}

/** For JSON that is written in another way than OpenAI writes it. */
function choicesBytes(data: string): number {
  const json = parseJson(data);
  return json === undefined ? data.length : stringBytes(property(json, 'choices'), data.length);
}
