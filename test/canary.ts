import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { format } from 'node:util';
import { afterAll, expect } from 'vitest';
import { LeakScanner } from './leak-scanner.ts';

const keyPart = randomBytes(24).toString('base64url');

/**
 * A key, a secret and a prompt that exist only in this run. None may appear where it should not.
 */
export const canaries = {
  apiKey: `sk-canary-${keyPart}`,
  secret: randomBytes(48).toString('base64'),
  prompt: `canary prompt ${randomBytes(12).toString('hex')}`,
};

/**
 * What this process may send, and where:
 * - the key: only to an upstream, as `authorization: Bearer` or `api-key`. An upstream that received it may
 *   repeat it.
 * - a user token: from a client. To a client only as `"value"` of the response that issues it.
 * - the secret: nowhere.
 * - none of the three, nor a prompt, to stdout, stderr or the console.
 */
const always = new LeakScanner();
const tokens = new LeakScanner();
const prompts = new LeakScanner();
always.watch('the upstream key', keyPart);
always.watch('the secret', canaries.secret);
prompts.watch('a prompt', canaries.prompt.slice('canary prompt '.length));

const TOKEN_PREFIX = 'gct_';
/** The end of a random id can have this form, too. */
const TOKEN = /(?<![A-Za-z0-9_-])gct_[A-Za-z0-9_-]{8}/;
const ISSUED = /"(?:value|token|apiKey)":"gct_[A-Za-z0-9_-]{64}"/g;
const SENT_TOKEN = /Bearer gct_([A-Za-z0-9_-]{64})/gi;
const KEY_HEADER = new RegExp(
  `(?<=\n)(?:authorization: Bearer |api-key: )${canaries.apiKey}\r\n`,
  'gi',
);

/** From now on no part of this token may be sent, except by the client that it belongs to. */
export function watchToken(value: string): string {
  if (value.startsWith(TOKEN_PREFIX)) tokens.watch('a token', value.slice(TOKEN_PREFIX.length));
  return value;
}

const leaks: string[] = [];
const LEAKS_MAX = 100;

/** Returns the leaks that were found so far and forgets them. For a test that leaks on purpose. */
export function takeLeaks(): string[] {
  return leaks.splice(0);
}

function report(name: string | undefined, where: string): void {
  if (name === undefined || leaks.length >= LEAKS_MAX) return;
  leaks.push(`${name} in ${where}, during "${expect.getState().currentTestName ?? 'setup'}"`);
}

const findToken = (bytes: Buffer): string | undefined =>
  TOKEN.test(bytes.toString('latin1')) ? 'a token' : tokens.find(bytes);

/**
 * The connections on which this process sent the key, so that the other side is an upstream. The
 * name has both ports, because connections to different servers may share a local one.
 */
const upstreams = new Set<string>();
const nameOf = (from: number | undefined, to: number | undefined): string => `${from}>${to}`;

function markUpstream(socket: Socket): void {
  const { localPort, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined) {
    return void socket.once('connect', () => markUpstream(socket));
  }
  const name = nameOf(localPort, remotePort);
  if (upstreams.has(name)) return;
  upstreams.add(name);
  socket.once('close', () => upstreams.delete(name));
}

const tails = new WeakMap<Socket, Buffer>();
/** One less than the shortest piece. A piece may be split over two writes. */
const TAIL_BYTES = 7;

function inspectWrite(socket: Socket, chunk: Buffer): void {
  const accepted = 'server' in socket && socket.server !== null && socket.server !== undefined;
  const text = chunk.toString('latin1');
  const allowed = accepted ? text.replace(ISSUED, '') : withoutCredentials(socket, text);
  const bytes = Buffer.concat([
    tails.get(socket) ?? Buffer.alloc(0),
    Buffer.from(allowed, 'latin1'),
  ]);
  tails.set(socket, bytes.subarray(-TAIL_BYTES));
  if (accepted) {
    if (upstreams.has(nameOf(socket.remotePort, socket.localPort))) return;
    report(always.find(bytes) ?? findToken(bytes), 'an answer');
  } else {
    report(always.find(bytes), 'a request');
    const isUpstream = upstreams.has(nameOf(socket.localPort, socket.remotePort));
    if (isUpstream) report(findToken(bytes), 'a request upstream');
  }
}

function withoutCredentials(socket: Socket, text: string): string {
  for (const [, secret = ''] of text.matchAll(SENT_TOKEN)) watchToken(TOKEN_PREFIX + secret);
  const rest = text.replace(KEY_HEADER, '');
  if (rest.length < text.length) markUpstream(socket);
  return rest;
}

function inspectText(text: string, where: string): void {
  const bytes = Buffer.from(text);
  report(always.find(bytes) ?? findToken(bytes) ?? prompts.find(bytes), where);
}

const toBuffer = (chunk: unknown, encoding?: unknown): Buffer =>
  typeof chunk === 'string'
    ? Buffer.from(chunk, (encoding === 'buffer' ? 'utf8' : encoding) as BufferEncoding)
    : Buffer.from(chunk as Uint8Array);

interface Piece {
  readonly chunk: unknown;
  readonly encoding: BufferEncoding;
}
type Writes = {
  _write(chunk: unknown, encoding: BufferEncoding, done: () => void): void;
  _writev(pieces: Piece[], done: () => void): void;
};

function hookSockets(): void {
  const prototype = Socket.prototype as unknown as Writes;
  const { _write, _writev } = prototype;
  prototype._write = function (chunk, encoding, done) {
    inspectWrite(this as unknown as Socket, toBuffer(chunk, encoding));
    _write.call(this, chunk, encoding, done);
  };
  prototype._writev = function (pieces, done) {
    const whole = Buffer.concat(pieces.map(({ chunk, encoding }) => toBuffer(chunk, encoding)));
    inspectWrite(this as unknown as Socket, whole);
    _writev.call(this, pieces, done);
  };
}

function hookOutput(): void {
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir'] as const) {
    const print = console[name].bind(console);
    console[name] = (...values: unknown[]) => {
      inspectText(format(...values), 'the console');
      print(...values);
    };
  }
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...values: unknown[]) => boolean;
    stream.write = (...values: unknown[]) => {
      inspectText(toBuffer(values[0], 'utf8').toString(), 'stdout or stderr');
      return write(...values);
    };
  }
}

/** The WHATWG adapters respond without a socket. A `Response` made here goes to a client. */
function hookResponses(): void {
  globalThis.Response = new Proxy(globalThis.Response, {
    construct(target, [body, init]: [unknown, ResponseInit | undefined], self) {
      const text =
        typeof body === 'string' || body instanceof Uint8Array ? String(toBuffer(body)) : '';
      const allowed = text.replace(ISSUED, '');
      const whole = Buffer.from(format(allowed, [...new Headers(init?.headers)]));
      report(always.find(whole) ?? findToken(whole), 'a Response');
      return Reflect.construct(target, [body, init], self) as Response;
    },
  });
}

hookSockets();
hookOutput();
hookResponses();
afterAll(() => {
  expect(takeLeaks(), 'what should have stayed secret').toEqual([]);
});
