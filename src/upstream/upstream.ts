import type { Dialect } from './dialects/dialect.ts';
import type { Transport } from './transport.ts';
import type { UpstreamKeys } from './upstream-keys.ts';

/** One base URL with its key and its dialect. Made once for each entry of the option `upstreams`. */
export interface Upstream {
  /** Its name in the option `upstreams`; `main` for `apiKey`. */
  readonly name: string;
  /** What messages to clients call it, in the middle of a sentence. */
  readonly label: string;
  /** The host of its base URL, with the port if it has one. */
  readonly host: string;
  readonly dialect: Dialect;
  readonly transport: Transport;
  readonly keys: UpstreamKeys;
  /** OpenAI's own models answer there, to what was sent and nothing more. */
  readonly servesOpenAI: boolean;
  /** Who knows which models it has: the price list, the host itself, or no one. */
  readonly listedBy: 'prices' | 'host' | undefined;
  /** Its key is a string, so that no call waits for it. */
  readonly hasFixedKey: boolean;
  /** Its share among several upstreams that serve the same model. */
  readonly weight: number;
  /** Whether it serves a model of this name. */
  serves(model: string): boolean;
  /** Returns where an endpoint is, below the base URL, with its query. */
  pathOf(path: string, model: string): string;
}
