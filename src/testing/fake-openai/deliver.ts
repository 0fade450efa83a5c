import { gzipSync } from 'node:zlib';
import { answerHeaders } from './answer-headers.ts';
import { breakOff } from './break-off.ts';
import type { FakeResponse } from './fake-response.ts';
import { addBill, type Bill, type BilledFrame, FREE, recut } from './frame.ts';
import type { GeneratedAnswer } from './generation.ts';
import type { InvoiceLine } from './invoice.ts';
import type { Break, Reply } from './script.ts';

/** The size of a chunk of a body that is not streamed, for `break.afterChunks`. */
const PIECE_BYTES = 16;

interface Content {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Reply['headers'];
  readonly frames: Iterable<BilledFrame>;
  /** `undefined` sends the body in HTTP chunks. */
  readonly length: number | undefined;
}

/** Sends a generated answer. `line` gets everything that was generated until the socket closed. */
export async function deliverAnswer(
  response: FakeResponse,
  answer: GeneratedAnswer,
  line: InvoiceLine,
): Promise<void> {
  if (!(await reachesHeaders(response))) return;
  if (response.script.lineBytes !== undefined) return sendLine(response, response.script.lineBytes);
  if (response.script.neverAnswer) {
    addBill(line, answer.bill);
    line.complete = true;
    return response.untilClosed();
  }
  if (answer.stream) {
    line.complete = await send(response, streamed(answer), line);
  } else if (await generatesWhole(response, answer, line)) {
    line.complete = true;
    await send(response, whole(response, JSON.stringify(answer.json())), line);
  }
}

/** Sends a scripted reply or a refusal. Without a `line` it is not billed. */
export async function deliverReply(
  response: FakeResponse,
  reply: Reply,
  line?: InvoiceLine,
  bill: Bill = FREE,
): Promise<void> {
  if (!(await reachesHeaders(response))) return;
  if (line) {
    addBill(line, bill);
    line.complete = true;
  }
  const content = whole(response, bytesOf(reply.body));
  await send(response, { ...content, status: reply.status ?? 200, headers: reply.headers }, line);
}

async function reachesHeaders(response: FakeResponse): Promise<boolean> {
  const { script } = response;
  if (script.beforeHeaders !== undefined) await response.pause(script.beforeHeaders);
  if (response.isClosed) return false;
  if (script.break === undefined || script.break.afterChunks !== undefined) return true;
  await breakOff(response, script.break, 0);
  return false;
}

/** Generates an answer that is not streamed: at once, or chunk by chunk if the script has pauses. */
async function generatesWhole(
  response: FakeResponse,
  answer: GeneratedAnswer,
  line: InvoiceLine,
): Promise<boolean> {
  const { betweenChunks } = response.script;
  if (betweenChunks === undefined) {
    addBill(line, answer.bill);
    return true;
  }
  for (const frame of answer.frames()) {
    addBill(line, frame.bill);
    await response.pause(betweenChunks);
    if (response.isClosed) return false;
  }
  return true;
}

function streamed(answer: GeneratedAnswer): Content {
  const contentType = 'text/event-stream; charset=utf-8';
  return { status: 200, contentType, headers: {}, frames: answer.frames(), length: undefined };
}

function whole(response: FakeResponse, body: string | Uint8Array): Content {
  const { gzip } = response.script;
  const bytes = gzip ? gzipSync(body) : body;
  const frames = [{ bytes, bill: FREE }];
  return {
    status: 200,
    contentType: 'application/json',
    headers: gzip ? { 'content-encoding': 'gzip' } : {},
    frames: response.script.break ? recut(frames, PIECE_BYTES) : frames,
    length: Buffer.byteLength(bytes),
  };
}

function bytesOf(body: Reply['body']): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  return body === undefined ? '' : JSON.stringify(body);
}

function begin(response: FakeResponse, content: Content): void {
  const { headers } = response.script;
  const list = answerHeaders(
    `req_${response.serial}`,
    content.contentType,
    response.rateHeaders,
    content.headers,
    headers,
  );
  if (content.length !== undefined && !response.script.break) {
    list.push('content-length', String(content.length));
  }
  response.begin(content.status, list);
}

/** Returns whether everything was sent and billed. */
async function send(
  response: FakeResponse,
  content: Content,
  line?: InvoiceLine,
): Promise<boolean> {
  begin(response, content);
  const { cuts } = response.script;
  const frames = cuts === undefined ? content.frames : recut(content.frames, cuts);
  const sent = isPaced(response)
    ? await sendPaced(response, frames, line)
    : await sendAtOnce(response, frames, line);
  if (sent) response.raw.end();
  return sent;
}

function isPaced({ script }: FakeResponse): boolean {
  return (script.betweenChunks ?? script.break ?? script.cuts) !== undefined;
}

async function sendAtOnce(
  response: FakeResponse,
  frames: Iterable<BilledFrame>,
  line: InvoiceLine | undefined,
): Promise<boolean> {
  for (const frame of frames) {
    if (response.isClosed) return false;
    if (line) addBill(line, frame.bill);
    const room = response.write(frame.bytes);
    if (room) await room;
  }
  return true;
}

/** Sends every frame in a separate write, with the pauses of the script, until its break. */
async function sendPaced(
  response: FakeResponse,
  frames: Iterable<BilledFrame>,
  line: InvoiceLine | undefined,
): Promise<boolean> {
  const { script } = response;
  response.raw.flushHeaders();
  let sent = 0;
  for (const frame of frames) {
    if (sent === script.break?.afterChunks) return breakAfter(response, script.break, sent);
    if (sent > 0) await response.pause(script.betweenChunks);
    if (response.isClosed) return false;
    if (line) addBill(line, frame.bill);
    await response.writeAlone(frame.bytes);
    sent++;
  }
  return true;
}

async function breakAfter(response: FakeResponse, how: Break, sent: number): Promise<false> {
  await breakOff(response, how, sent);
  return false;
}

const LINE_WRITE_BYTES = 65_536;

async function sendLine(response: FakeResponse, bytes: number): Promise<void> {
  begin(response, { ...whole(response, ''), contentType: 'text/event-stream', length: undefined });
  await response.write('data: {"id":"');
  for (let left = bytes; left > 0 && !response.isClosed; left -= LINE_WRITE_BYTES) {
    await response.write('a'.repeat(Math.min(left, LINE_WRITE_BYTES)));
  }
  response.raw.end();
}
