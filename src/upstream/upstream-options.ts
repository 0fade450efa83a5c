import * as z from 'zod';
import { callback, type OptionalOptions, type RequiredOptions } from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import { isKey, wrongKey } from './key-text.ts';
import type { ApiKeySource } from './upstream-keys.ts';
import type { UpstreamSpec } from './upstream-spec.ts';

/** A key, or a function that returns it. A key that is not set is an error at start. */
export const keyOption: z.ZodType<ApiKeySource | string, ApiKeySource | string | undefined> =
  z.custom<ApiKeySource | string>(isKey, { error: ({ input }) => wrongKey(input) });

/** A key that is given, and is `undefined`, is an environment variable that is not set. */
export function requireSetKeys(options: object, names: readonly string[], path: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined && names.includes(name)) {
      parseOrThrow(keyOption, value, `${path}.${name}`);
    }
  }
}

/** Options that every upstream has. */
export const commonShape = {
  /** The models that it serves: exact names, or prefixes with a `*` at the end. Without it, every model. */
  models: z.array(z.string().min(1)).min(1).readonly().optional(),
  /** The requests a minute that the host allows. Without it, learned from the headers of answers. */
  rpm: z.int().min(1).optional(),
  /** The tokens a minute that the host allows, as it counts them. Without it, learned from the headers of
   * answers. */
  tpm: z.int().min(1).optional(),
  /** Its share among several upstreams that serve the same model.
   * @default 1 */
  weight: z.number().positive().default(1),
  /** `false` sends calls whatever the host's limits are, for a host that has none.
   * @default true */
  capacity: z.boolean().default(true),
  /** Calls the host in place of undici: for a proxy, another runtime, or a test. */
  fetch: callback<typeof globalThis.fetch>().optional(),
};

/** Options that every upstream has. */
export interface CommonUpstreamOptions
  extends RequiredOptions<typeof commonShape>,
    OptionalOptions<typeof commonShape> {}

type Common = Readonly<z.output<z.ZodObject<typeof commonShape>>>;

/** What of a spec is the same for every builder. */
export function commonSpec(options: Common) {
  const { models, rpm, tpm, weight, capacity, fetch } = options;
  return {
    weight,
    capacity,
    ...(models !== undefined && { models: Object.freeze([...models]) }),
    ...(rpm !== undefined && { rpm }),
    ...(tpm !== undefined && { tpm }),
    ...(fetch !== undefined && { fetch }),
  };
}

/** The key of a spec. A closure holds a string, so that no printout shows it. */
export function keySpec(
  key: ApiKeySource | string,
): Pick<UpstreamSpec, 'keySource' | 'hasFixedKey'> {
  return typeof key === 'function'
    ? { keySource: key, hasFixedKey: false }
    : { keySource: () => key, hasFixedKey: true };
}

/** A base URL; its query is kept. */
export const baseURLOption: z.ZodType<string, string> = z
  .url({ protocol: /^https?$/ })
  .refine((url) => isPlain(new URL(url)), 'must have no user name, no password and no "#"');

const isPlain = ({ username, password, hash }: URL): boolean =>
  username === '' && password === '' && hash === '';

/** Splits a base URL into what stands before the path of an endpoint, and what stands behind it. */
export function baseOf(url: string): Pick<UpstreamSpec, 'baseURL' | 'query'> {
  const { origin, pathname, searchParams } = new URL(url);
  const baseURL = origin + pathname.replace(/\/+$/, '');
  return { baseURL, query: Object.fromEntries(searchParams) };
}

/** Headers that the guard sets, or that belong to the connection. */
const OF_GUARD =
  /^(?:authorization|api-key|content-.*|accept|accept-encoding|user-agent|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|cookie|proxy-.*|openai-safety-identifier)$/;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const isFree = (name: string): boolean => HEADER_NAME.test(name) && !OF_GUARD.test(name);

/** Headers that go with every call. */
export const headersOption: z.ZodType<
  Readonly<Record<string, string>>,
  Readonly<Record<string, string>>
> = z
  .record(
    z.string(),
    z.string().regex(HEADER_VALUE, 'must be printable ASCII, without spaces at its ends'),
  )
  .refine(
    (headers) => Object.keys(headers).every((name) => isFree(name.toLowerCase())),
    'must name no header that the guard sets, such as "authorization" or "content-type"',
  )
  .transform((headers) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  )
  .readonly();

/** A text that is sent in a header. */
export const headerValue: z.ZodType<string, string> = z
  .string()
  .regex(HEADER_VALUE, 'must be printable ASCII, without spaces at its ends');
