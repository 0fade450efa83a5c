import { BodyError } from '../core/errors.ts';
import type { RequestBody } from '../core/request.ts';
import { type BodyBytes, BodyTakenError, brokenOff } from './body-bytes.ts';
import { RestOfBody } from './rest-of-body.ts';

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The body of a web `Request`: the guard reads it, or throws away what it has not read. */
export class WebBody {
  readonly #request: Request;
  /** Kept after a body that was too much: to cancel it would close the connection. */
  #reader: Reader | undefined;
  #hasEnded = false;

  constructor(request: Request) {
    this.#request = request;
  }

  async read(bytes: BodyBytes): Promise<RequestBody> {
    if (this.#request.bodyUsed || this.#request.body?.locked) throw new BodyTakenError();
    this.#reader = this.#request.body?.getReader();
    try {
      for await (const chunk of chunksOf(this.#reader)) bytes.add(chunk);
    } catch (error) {
      throw error instanceof BodyError ? error : brokenOff();
    }
    this.#hasEnded = true;
    return bytes.whole();
  }

  /** Begins to throw away what is left. Returns `undefined` if there is nothing. */
  discard(): RestOfBody | undefined {
    const reader = this.#hasEnded ? undefined : (this.#reader ?? openReader(this.#request));
    if (reader === undefined) return undefined;
    const rest = new RestOfBody();
    void readRest(reader, rest);
    return rest;
  }
}

async function* chunksOf(reader: Reader | undefined): AsyncGenerator<Uint8Array, void, void> {
  let piece = await reader?.read();
  while (piece?.done === false) {
    yield piece.value;
    piece = await reader?.read();
  }
}

function openReader({ body }: Request): Reader | undefined {
  return body === null || body.locked ? undefined : body.getReader();
}

async function readRest(reader: Reader, rest: RestOfBody): Promise<void> {
  try {
    let piece = await reader.read();
    while (!piece.done && rest.took(piece.value.byteLength)) piece = await reader.read();
    rest.end(piece.done);
  } catch {
    rest.end(false);
  }
}
