import { acrossCopies } from '../base/across-copies.ts';
import { ByteBuffer } from '../base/byte-buffer.ts';
import { BodyError } from '../core/errors.ts';
import type { BodyRoom, RequestBody } from '../core/request.ts';

/** Collects the body of a request, within its limit and its room. */
export class BodyBytes {
  readonly #limitBytes: number;
  readonly #room: BodyRoom | undefined;
  readonly #bytes: ByteBuffer;

  /** `announcedBytes`: its `content-length`, or 0. Throws `BodyError` if that is too much already. */
  constructor(limitBytes: number, announcedBytes: number, room: BodyRoom | undefined) {
    if (announcedBytes > limitBytes) throw tooLarge(limitBytes);
    room?.announce(announcedBytes);
    this.#limitBytes = limitBytes;
    this.#room = room;
    this.#bytes = new ByteBuffer(announcedBytes);
  }

  /** Throws `BodyError` if it is too much. */
  add(chunk: Uint8Array): void {
    const { byteLength } = chunk;
    if (this.#bytes.size + byteLength > this.#limitBytes) throw tooLarge(this.#limitBytes);
    this.#room?.take(byteLength);
    this.#bytes.add(chunk);
  }

  whole(): RequestBody {
    return { kind: 'bytes', bytes: this.#bytes.join() };
  }
}

export const tooLarge = (limitBytes: number): BodyError =>
  new BodyError('request_too_large', `The body is larger than ${limitBytes} bytes.`);

export const brokenOff = (): BodyError => new BodyError('invalid_request', 'The body broke off.');

/** Something in the host took the body, or its beginning, before the guard. */
export class BodyTakenError extends BodyError {
  static {
    acrossCopies(BodyTakenError, 'BodyTakenError');
  }

  constructor() {
    super(
      'invalid_request',
      'The server has read the body, or a part of it, before the guard did. Mount the guard before that, or pass the body on.',
    );
  }
}
