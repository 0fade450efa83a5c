import { parseJson } from '../../core/json.ts';
import { parseWords } from './json-search.ts';
import { type FrameSink, FrameSplitter, parseFrame } from './sse-frames.ts';
import { readRefusedJson, readWireError, type WireError } from './wire-error.ts';

/** How OpenAI's streams begin, unless they are refused. */
const ANSWER = /^(?:data: \{"id":"|event: response\.(?:created|queued|in_progress)\n)/;
const FIRST_EVENT_BYTES_MAX = 16 * 1024;

/**
 * Returns what the beginning of a stream is: an error, if its first event refuses the call, or the beginning
 * of an answer. `undefined`: more bytes are needed. `hasEnded`: there are no more.
 */
export function readFirstEvent(text: string, hasEnded: boolean): WireError | 'answer' | undefined {
  if (ANSWER.test(text)) return 'answer';
  const isOver = hasEnded || text.length > FIRST_EVENT_BYTES_MAX;
  // Some gateways put a plain error object where events were asked for.
  if (text.startsWith('{')) {
    const json = parseJson(Buffer.from(text, 'latin1').toString('utf8'));
    return readRefusedJson(json) ?? (isOver || json !== undefined ? 'answer' : undefined);
  }
  return firstFrame(text, hasEnded) ?? (isOver ? 'answer' : undefined);
}

function firstFrame(text: string, hasEnded: boolean): WireError | 'answer' | undefined {
  const frames = new FirstFrames();
  const splitter = new FrameSplitter();
  splitter.push(text, frames);
  if (hasEnded) splitter.end(frames);
  return frames.found;
}

/** Comments and empty events come before the first event. */
class FirstFrames implements FrameSink {
  found: WireError | 'answer' | undefined;

  frame(frame: string): void {
    if (this.found !== undefined) return;
    const { event, data } = parseFrame(frame);
    if (data === '') return;
    const json = parseWords(data);
    const error = event === 'error' ? readWireError(json) : readRefusedJson(json);
    this.found = error ?? 'answer';
  }

  loose(): void {
    this.found ??= 'answer';
  }
}
