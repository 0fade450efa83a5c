/** The hosts whose form of OpenAI's HTTP API is known. */
export type DialectName =
  | 'openai'
  | 'azure'
  | 'openrouter'
  | 'groq'
  | 'mistral'
  | 'deepseek'
  | 'xai'
  | 'gemini'
  | 'vllm'
  | 'ollama';

/**
 * How one host speaks OpenAI's HTTP API: what it takes, what it calls it, and what it answers. Its facts have
 * their source and date beside them.
 */
export interface Dialect {
  readonly name: DialectName;
  /** What messages call the host. */
  readonly title: string;
  /** The endpoints that it serves, by the names of their descriptors. No other is sent there. */
  readonly endpoints: ReadonlyMap<string, HostEndpoint>;
  /** Its name in `@pydantic/genai-prices`. Absent: only the operator's prices count. */
  readonly priceProvider?: string;
  /** Which model is billed: the one that was sent, because the answer may name another or none, or the one
   * that answered. */
  readonly billedModel: 'sent' | 'answered';
  /** `usage.cost` of an answer is what the host charges for it, in US dollars. */
  readonly reportsCost: boolean;
  /** What it bills although it refuses the request; the first rule that fits. Absent: nothing. */
  readonly billedRefusals?: readonly BilledRefusal[];
  /** The most that a refusal costs beyond the tokens of the request, in nano-USD. Each call holds it. */
  readonly refusalFeeNanoUsd?: number;
  /** A model may be a path of files, which begins with a slash. */
  readonly takesPaths?: true;
  /** Has deployments, which its list of models does not name. */
  readonly listsNoModels?: true;
  /** Stands before each name in its list of models, and not in calls. */
  readonly listedPrefix?: string;
  /** Counts the input of a request for OpenAI's models (`/responses/input_tokens`). */
  readonly countsInput: boolean;
  /** Returns why a model name is not sent there; `undefined` if it is. */
  readonly refusedModel?: (model: string) => string | undefined;
}

/** A refusal for which a host bills work. */
export interface BilledRefusal {
  readonly status: number;
  /** Stands in the code or the message. Absent: every refusal with this status. */
  readonly words?: RegExp;
  /** `input`: no output was written. `all`: up to all that the call may write, and the fee. */
  readonly bills: 'input' | 'all';
}

/** What a host takes at one endpoint. */
export interface HostEndpoint {
  /** Absent: it takes all that OpenAI does, and nothing else. Then nothing is rewritten. */
  readonly own?: OwnFields;
  /** Returns why a model is not called at this endpoint; `undefined` if it is. */
  readonly refusedModel?: (model: string) => string | undefined;
}

/** The fields of a host that differ from OpenAI's. */
export interface OwnFields {
  /** The name of the output cap. Absent: the endpoint writes no tokens. */
  readonly cap?: string;
  /** Where the end-user id goes. Absent: the host takes none. */
  readonly endUser?: string;
  /** All fields that a client may send, apart from those that the guard sets. */
  readonly fields: FieldRules;
  /** Fields that have another name there. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Its names of OpenAI's service tiers. A tier that is not here is refused, or left out if it is `default`. */
  readonly tiers?: Readonly<Record<string, string>>;
  /** Takes `store`. Without the field it keeps the answer, or has nothing to keep. */
  readonly store?: true;
  /** Takes `stream_options.include_usage`. Otherwise usage comes in streams unasked. */
  readonly streamOptions?: true;
  /** Takes `prompt_cache_key`, which is only a hint. */
  readonly promptCacheKey?: true;
}

/** Returns what a value must be, in words that follow its name; `undefined` if the host takes it. */
export type FieldRule = (value: unknown) => string | undefined;

/** The fields of one endpoint: `true` takes every value that OpenAI takes. */
export type FieldRules = ReadonlyMap<string, FieldRule | true>;
