import type { ChatUsage } from './chat-usage.ts';
import type { HostErrorForm } from './host-errors.ts';
import type { FakeJson } from './json.ts';
import type { Script } from './script.ts';

/** The hosts that a fake can stand for, each with its own form of OpenAI's HTTP API. */
export type FakeDialect =
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

/** What a host reads of a request to one endpoint. */
export interface HostRequest {
  /** The names of the output cap that it knows. It ignores every other. */
  readonly caps?: readonly string[];
  /** Where it reads the end-user id. */
  readonly endUser?: string;
  /** Every other field that it knows. Absent: it ignores what it does not know. */
  readonly fields?: readonly string[];
  /** Returns what is wrong with a value, and the field. */
  readonly fault?: (body: FakeJson) => readonly [field: string, why: string] | undefined;
}

/** Where a request went, and what it may hold. */
export interface HostRoute {
  /** The path as OpenAI has it. */
  readonly endpoint: string;
  readonly request: HostRequest | undefined;
  /** A model that stands in the path. */
  readonly model?: string;
}

/** How one host differs from OpenAI, written down a second time on purpose. */
export interface FakeHost {
  /** Before every endpoint. */
  readonly prefix: string;
  /** Header of the key; `none` asks for no key. */
  readonly key: 'authorization' | 'api-key' | 'none';
  /** `undefined`: it has no such endpoint. */
  readonly route: (path: string, query: URLSearchParams) => HostRoute | undefined;
  readonly error: HostErrorForm;
  /** How it refuses a field that is not among `fields`. */
  readonly unknownField: (field: string) => readonly [status: number, message: string];
  /** Its names of service tiers; the first is the standard one. Absent: it has none. */
  readonly tiers?: Readonly<Record<string, string>>;
  /** Where a stream has its usage. */
  readonly usageIn: NonNullable<Script['usageIn']>;
  /** Streams have usage whether it was asked for or not. */
  readonly usageUnasked: boolean;
  /** The member of a chunk that holds its usage. */
  readonly usageAt: 'usage' | 'x_groq';
  readonly usage: (usage: ChatUsage) => FakeJson;
  /** What its usage says of the cost, on every endpoint. */
  readonly cost: (costUsd: number | undefined) => FakeJson;
  /** The output cap of a chat does not count reasoning. */
  readonly reasonsBeyondCap: boolean;
  /** Keeps responses and their items, so that ids stand for them. */
  readonly keepsResponses: boolean;
  /** Its name in `@pydantic/genai-prices`. Absent: it has no price list. */
  readonly priceProvider?: string;
}
