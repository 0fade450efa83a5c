/** What an upstream refused, or failed to answer. */
export interface UpstreamFailure {
  /**
   * `refused`: it answered with an error, by its status, inside a stream or as a whole answer. `busy`: the
   * call waited in vain for its limit, or for a turn. `unreached`: there was no answer. `silent`: it did not
   * answer in time, or stopped in the middle. `cut`: the answer broke off. `unreadable`: what it sent with a
   * status of success is no answer, or cannot be decoded.
   */
  readonly kind: 'refused' | 'busy' | 'unreached' | 'silent' | 'cut' | 'unreadable';
  /** The upstream, by its name in the option `upstreams`; `main` for `apiKey`. */
  readonly name: string;
  /** The host of its base URL, with the port if it has one, such as `'api.openai.com'`. */
  readonly host: string;
  /** The HTTP status of its answer. `undefined`: there was no answer. */
  readonly status: number | undefined;
  /** The code of its error, as it wrote it, such as `'invalid_api_key'`. */
  readonly code: string | undefined;
  /** Its own words, without keys, names of accounts, and what they repeat of the request. At most 500
   * characters. */
  readonly message: string | undefined;
  /** Its id of the request, which its support asks for. */
  readonly requestId: string | undefined;
  /** The content of the user's request caused it, so the user got the answer. */
  readonly causedByRequest: boolean;
  /** The call ended with it. False: it was sent again, to this upstream or another one. */
  readonly final: boolean;
}
