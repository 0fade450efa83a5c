import { z } from 'zod';
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
  /** The largest answer that is not a stream, in bytes.
   * @default 67_108_864 (64 MiB) */
  answerBytes: whole.default(67_108_864),
  /** Calls to OpenAI at once, in this process.
   * @default 1_000 */
  inFlight: whole.default(1_000),
  /** Calls that may wait in the queue for one of those. More get 503 `upstream_busy`.
   * @default 1_000 */
  queued: wholeOrNone.default(1_000),
  /** Calls that are read to their end after their client disconnected, in this process. One more is
   * cut, and charged all that it held.
   * @default 200 */
  drains: wholeOrNone.default(200),
  /** The same for one user.
   * @default 5 */
  drainsPerUser: wholeOrNone.default(5),
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

export const bounds: z.ZodType<ParsedBounds, Bounds> = optionsSchema(boundsShape);
