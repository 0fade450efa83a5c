import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';

/** Lower case, as browsers send it. Web views have schemes of their own, or `null`. */
const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s/?#*A-Z]*)$/;

function wrongOrigin(input: unknown): string {
  if (typeof input !== 'string') return 'must be an origin, such as "https://my-app.com"';
  if (input.includes('*')) {
    return 'must list each origin, such as "https://my-app.com": browsers send no "*", so none would match';
  }
  const url = URL.parse(input);
  const isWeb = url !== null && /^https?:$/.test(url.protocol);
  if (isWeb) return `must be "${url.origin}", as browsers send it: no path, no slash at its end`;
  return 'must be an origin with its scheme, such as "https://my-app.com"';
}

const corsShape = {
  /** The origins that may call, exactly as browsers send them (`'https://my-app.com'`). */
  origins: z
    .array(
      z.custom<string>((value) => typeof value === 'string' && ORIGIN.test(value), {
        error: ({ input }) => wrongOrigin(input),
      }),
      { error: 'must be a list of origins, such as ["https://my-app.com"]' },
    )
    .readonly(),
};

/** The web pages that may call the guard. */
export interface CorsSpec
  extends RequiredOptions<typeof corsShape>,
    OptionalOptions<typeof corsShape> {}

export const cors: z.ZodType<CorsSpec, CorsSpec> = optionsSchema(corsShape);
