import { clockSchema, systemClock } from '../base/clock.ts';
import { withDeadline } from '../base/deadline.ts';
import { duration } from '../base/duration.ts';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';

const cachedSecretShape = {
  /** The secret is read again after this time, in the background.
   * @default '5m' */
  ttl: duration.prefault('5m'),
  /** How long after it was read a secret is used while reading fails.
   * @default '24h' */
  staleFor: duration.prefault('24h'),
  /** How long reading may take. Keep it below the guard's `timeouts.hook`.
   * @default '4s' */
  timeout: duration.prefault('4s'),
  /** Tells the time, for tests.
   * @default systemClock */
  clock: clockSchema.default(() => systemClock),
};

/** How long a secret is kept. The durations are written like `'5m'`. */
export interface CachedSecretOptions
  extends RequiredOptions<typeof cachedSecretShape>,
    OptionalOptions<typeof cachedSecretShape> {}

/** Returns the secret. It can be the option `apiKey` as it is. A `refused` secret is read again. */
export type CachedSecret = (
  user?: unknown,
  request?: { readonly refused?: string },
) => string | Promise<string>;

/** A secret that was refused is read again at most this often. */
const REREAD_MS_MIN = 1_000;
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 30_000;

/**
 * Caches the secret that `load` returns. Concurrent calls share one read. A fresh secret is not read
 * again, and after a failure there is no read for 1 to 30 s. While reading fails, the last secret is
 * used. Without one the call throws, and may be repeated. White space around a secret is removed. No
 * error contains the secret.
 *
 * @example
 * ```ts
 * const apiKey = cachedSecret(awsSecret(() => aws.read('openai'), { field: 'key' }), { ttl: '5m' });
 * ```
 */
export function cachedSecret(
  load: () => Promise<string>,
  options: CachedSecretOptions = {},
): CachedSecret {
  const settings = parseOrThrow(optionsSchema(cachedSecretShape), options, 'cachedSecret');
  const secret = new Secret(load, settings);
  return (_user, request) => secret.get(request?.refused);
}

/** Durations in milliseconds. */
type SecretSettings = ParsedOptions<typeof cachedSecretShape>;

class Secret {
  readonly #load: () => Promise<string>;
  readonly #settings: SecretSettings;
  #value: string | undefined;
  #readAtMs = 0;
  #failures = 0;
  #notBeforeMs = 0;
  #lastError: unknown;
  #reading: Promise<string> | undefined;

  constructor(load: () => Promise<string>, settings: SecretSettings) {
    this.#load = load;
    this.#settings = settings;
  }

  get(refused: string | undefined): string | Promise<string> {
    const { clock, ttl, staleFor } = this.#settings;
    const ageMs = clock.nowMs() - this.#readAtMs;
    const value = this.#value;
    if (value === undefined || ageMs >= staleFor) return this.#read();
    if (value === refused) return ageMs < REREAD_MS_MIN ? value : this.#read();
    // The old secret is still usable, so that no call waits for the new one.
    if (ageMs >= ttl) this.#read().catch(() => {});
    return value;
  }

  #read(): Promise<string> {
    if (this.#reading !== undefined) return this.#reading;
    if (this.#settings.clock.nowMs() < this.#notBeforeMs) return Promise.reject(this.#failure());
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<string> {
    const { clock, timeout } = this.#settings;
    const late = () => new Error(`no result within ${timeout} ms`);
    try {
      const loaded: unknown = await withDeadline(this.#load(), timeout, late);
      this.#value = textOf(loaded);
      this.#readAtMs = clock.nowMs();
      this.#failures = 0;
      return this.#value;
    } catch (error) {
      const waitMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures);
      this.#failures += 1;
      this.#notBeforeMs = clock.nowMs() + waitMs;
      this.#lastError = error;
      throw this.#failure();
    }
  }

  #failure(): Error {
    return new Error('The secret could not be read.', { cause: this.#lastError });
  }
}

function textOf(loaded: unknown): string {
  const text = typeof loaded === 'string' ? loaded.trim() : '';
  if (text === '') throw new TypeError('the result is not a non-empty string');
  return text;
}
