import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { ByteSink, ByteSource } from '../core/response.ts';
import { UpstreamError } from './transport.ts';

type MakeDecoder = (firstByte: number) => Transform;

/** RFC 1950 begins with the method 8. Some servers send RFC 1951 alone and call it `deflate` too. */
const inflate: MakeDecoder = (firstByte) =>
  (firstByte & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();

/** The content codings of RFC 9110, 7932 and 8878. Node has zstd from 22.15 on. */
const DECODERS: ReadonlyMap<string, MakeDecoder> = new Map([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['deflate', inflate],
  ['br', () => zlib.createBrotliDecompress()],
  ...(typeof zlib.createZstdDecompress === 'function'
    ? [['zstd', () => zlib.createZstdDecompress()] as const]
    : []),
]);

/** One coding on another one is already more than any server has a reason for. */
const CODINGS_MAX = 2;
const NAME_LENGTH_MAX = 64;

/**
 * Returns the body of a reply as it was before its content codings. The guard asks for `identity`, but a CDN
 * may send what it has stored. `mayBeDecoded`: a body that begins with text was decoded already, as `fetch`
 * does without removing the header. Throws `UpstreamError` for a coding that is unknown here; a refusal
 * keeps its body then, since its status says enough.
 */
export function decodedBody(
  body: ByteSource,
  contentEncoding: string,
  status: number,
  mayBeDecoded = false,
): ByteSource {
  const named = contentEncoding.split(',').map((name) => name.trim().toLowerCase());
  const codings = named.filter((name) => name !== '' && name !== 'identity');
  const decoders = codings.flatMap((name) => DECODERS.get(name) ?? []);
  if (decoders.length < codings.length || codings.length > CODINGS_MAX) {
    if (status >= 300) return body;
    throw unknownCoding(contentEncoding);
  }
  // The last coding was applied last.
  return decoders.reduceRight<ByteSource>(
    (inner, decoder) => new DecodedBody(inner, decoder, mayBeDecoded),
    body,
  );
}

function unknownCoding(contentEncoding: string): UpstreamError {
  const name = contentEncoding.slice(0, NAME_LENGTH_MAX);
  const message = `The answer has the content encoding "${name}", which cannot be decoded.`;
  return new UpstreamError(message, { sent: true, fault: 'unreadable' });
}

/** A few compressed bytes must not become a body without end. Text is compressed far less than this. */
const EXPANSION_MAX = 250;
const EXPANSION_FREE_BYTES = 16 * 1024 * 1024;

/** Decodes a body while it passes, with its back-pressure in both directions. */
class DecodedBody implements ByteSource, ByteSink {
  readonly #body: ByteSource;
  readonly #makeDecoder: MakeDecoder;
  #mayBeDecoded: boolean;
  #sink: ByteSink | undefined;
  #decoder: Transform | undefined;
  #encodedBytes = 0;
  #decodedBytes = 0;
  #broken = false;
  #over = false;

  constructor(body: ByteSource, makeDecoder: MakeDecoder, mayBeDecoded: boolean) {
    this.#body = body;
    this.#makeDecoder = makeDecoder;
    this.#mayBeDecoded = mayBeDecoded;
  }

  start(sink: ByteSink): void {
    this.#sink = sink;
    this.#body.start(this);
  }

  resume(): void {
    if (this.#decoder === undefined) this.#body.resume();
    else this.#decoder.resume();
  }

  cancel(): void {
    this.#over = true;
    this.#body.cancel();
    this.#decoder?.destroy();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#over) return false;
    if (this.#mayBeDecoded && this.#decoder === undefined) {
      this.#mayBeDecoded = isText(chunk);
      if (this.#mayBeDecoded) return this.#sink?.write(chunk) ?? false;
    }
    this.#encodedBytes += chunk.byteLength;
    this.#decoder ??= this.#begin(chunk[0] ?? 0);
    return this.#decoder.write(chunk);
  }

  end(): void {
    if (this.#decoder === undefined) this.#finish();
    else this.#decoder.end();
  }

  /** What has arrived is still delivered. */
  fail(): void {
    this.#broken = true;
    this.end();
  }

  #begin(firstByte: number): Transform {
    return this.#makeDecoder(firstByte)
      .on('data', (piece: Uint8Array) => this.#pass(piece))
      .on('drain', () => this.#body.resume())
      .on('end', () => this.#finish())
      .on('error', () => this.#break());
  }

  #pass(piece: Uint8Array): void {
    if (this.#over) return;
    this.#decodedBytes += piece.byteLength;
    const most = EXPANSION_FREE_BYTES + this.#encodedBytes * EXPANSION_MAX;
    if (this.#decodedBytes > most) this.#break();
    else if (!this.#sink?.write(piece)) this.#decoder?.pause();
  }

  /** The bytes are not in the coding, end too early, or expand too far. */
  #break(): void {
    if (this.#over) return;
    this.cancel();
    this.#sink?.fail();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#broken) this.#sink?.fail();
    else this.#sink?.end();
  }
}

const TEXT_BYTES = 64;

/** JSON and events have no control bytes except blanks and line ends. Compressed bytes soon have one. */
function isText(chunk: Uint8Array): boolean {
  const isBlank = (byte: number) => byte === 0x09 || byte === 0x0a || byte === 0x0d;
  return chunk.subarray(0, TEXT_BYTES).every((byte) => byte >= 0x20 || isBlank(byte));
}
