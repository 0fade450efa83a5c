import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';

const whole = z.int().min(1);
const wholeOrNone = z.int().min(0);

const boundsShape = {
  /** The largest request body, in bytes. A larger one gets 413 `request_too_large`. Without it: 4 MiB, or
   * 20 MiB for plans with images, files or audio. */
  bodyBytes: whole.optional(),
  /** Bytes of request bodies in flight, in this process: from their arrival until their calls end. One
   * more body gets 503 `server_busy`. A body always fits if there is no other.
   * @default 268_435_456 (256 MiB) */
  bodyBytesInFlight: whole.default(268_435_456),
  /** The same for one user. One more body gets 429 `too_many_body_bytes`.
   * @default 33_554_432 (32 MiB) */
  bodyBytesInFlightPerUser: whole.default(33_554_432),
  /** Calls to OpenAI at once, in this process.
   * @default 1_000 */
  inFlight: whole.default(1_000),
  /** Calls of one user at once, in this process, those in the queue and those that are drained included.
   * One more gets 429 `too_many_concurrent`, also without a limit of the kind `concurrent`. Without it, a
   * tenth of `inFlight`, but at least 10, and never more than half of `inFlight`. */
  inFlightPerUser: whole.optional(),
  /** Calls that may wait for their turn at an upstream, in this process and for one model. More get 503
   * `upstream_busy`.
   * @default 1_000 */
  queued: wholeOrNone.default(1_000),
  /** The same for one user.
   * @default 32 */
  queuedPerUser: wholeOrNone.default(32),
  /** Calls that are read to their end after their client disconnected, in this process. One more is
   * cut, and charged all that it held.
   * @default 200 */
  drains: wholeOrNone.default(200),
  /** The same for one user.
   * @default 5 */
  drainsPerUser: wholeOrNone.default(5),
  /** Requests of one user that are invalid (400, 403, 404, 405, 413, 415) in a minute, in this process.
   * Then each request of the user gets 429 `too_many_invalid_requests` until the minute is over, before
   * its body is read.
   * @default 120 */
  invalidPerMinute: whole.default(120),
};

/** How much the guard takes on at once, in this process. */
export interface Bounds
  extends RequiredOptions<typeof boundsShape>,
    OptionalOptions<typeof boundsShape> {}

export interface ParsedBounds extends ParsedOptions<typeof boundsShape> {}

/** The largest request body for plans that allow only text, and for those that also allow media. */
export function bodyBytesMax({ bodyBytes }: ParsedBounds): { text: number; media: number } {
  return { text: bodyBytes ?? 4_194_304, media: bodyBytes ?? 20_971_520 };
}

/** Returns the fair share of one user, so that no user can take all places. */
export function inFlightPerUser({ inFlight, inFlightPerUser }: ParsedBounds): number {
  const share = Math.min(Math.max(Math.ceil(inFlight / 10), 10), Math.floor(inFlight / 2));
  return inFlightPerUser ?? Math.max(share, 1);
}

export const bounds: z.ZodType<ParsedBounds, Bounds> = optionsSchema(boundsShape);
