import { z } from 'zod';
import { parseOrThrow } from '../shape.ts';
import type { HostedToolName } from './usage.ts';

/** An input whose tokens its bytes do not bound. */
export interface MediaAllowance {
  /** Upper bound of the input tokens that one of them costs; held for each. */
  readonly tokensEach: number;
  /** Default 16. */
  readonly maxPerRequest: number;
}

export interface ImageAllowance extends MediaAllowance {
  /** Also `https:` addresses, which OpenAI's servers then fetch; default only `data:`. */
  readonly https: boolean;
}

/** A tool that OpenAI runs. */
export interface HostedTool {
  /** The fee for one call. */
  readonly usdPerCall: number;
  /** Calls in one request, of all hosted tools together where several are sent. */
  readonly maxCalls: number;
  /** Upper bound of the input tokens that one call's result adds. */
  readonly inputTokensPerCall: number;
}

/** What a plan lets its users send beyond plain text and their own functions; nothing by default. */
export interface Allowances {
  readonly images?: ImageAllowance | undefined;
  /** Inline only (`file_data`). */
  readonly files?: MediaAllowance | undefined;
  /** Inline only (`input_audio`). */
  readonly audio?: MediaAllowance | undefined;
  /** Spoken answers. */
  readonly audioOutput: boolean;
  readonly hostedTools: Readonly<Partial<Record<HostedToolName, HostedTool | undefined>>>;
  /** Vector stores that `file_search` may read, by id. */
  readonly vectorStores: readonly string[];
  /** MCP servers by exact URL; `hostedTools.mcp` bounds their calls. */
  readonly mcpServers: readonly string[];
  /** Service tiers besides `default`. */
  readonly serviceTiers: readonly string[];
  /** Stored prompts by id, each with an upper bound of its own tokens. */
  readonly prompts: Readonly<Record<string, { readonly inputTokens: number }>>;
  /**
   * `store`, `background`, `previous_response_id`, `conversation`, references to items, files,
   * containers and voices. All users of the project share these objects: whoever knows an id can use
   * it. Only for plans whose users may see each other's.
   */
  readonly stateful?:
    | {
        /** Upper bound of the input tokens that references bring into one request. */
        readonly inputTokens: number;
      }
    | undefined;
}

/** What a plan makes of each request. */
export interface RequestPolicy {
  /** Tokens of one answer, reasoning included; ≥ 1. */
  readonly maxOutputTokens: number;
  /** The largest `n` and `best_of`; ≥ 1. */
  readonly maxChoices: number;
  readonly allow: Allowances;
}

const tokens = z.int().min(0).max(10_000_000);
const media = { tokensEach: tokens, maxPerRequest: z.int().min(1).max(1_000).default(16) };

const hostedTool = z.strictObject({
  usdPerCall: z.number().min(0).max(1_000),
  maxCalls: z.int().min(1).max(1_000),
  inputTokensPerCall: tokens,
});

const httpsUrl = z.url({ protocol: /^https$/, error: 'must be an https:// address' });
const name = z.string().min(1).max(256);

const allowancesShape = z.strictObject({
  images: z.strictObject({ ...media, https: z.boolean().default(false) }).optional(),
  files: z.strictObject(media).optional(),
  audio: z.strictObject(media).optional(),
  audioOutput: z.boolean().default(false),
  hostedTools: z
    .strictObject({
      web_search: hostedTool.optional(),
      file_search: hostedTool.optional(),
      code_interpreter: hostedTool.optional(),
      image_generation: hostedTool.optional(),
      computer: hostedTool.optional(),
      shell: hostedTool.optional(),
      mcp: hostedTool.optional(),
    })
    .default({}),
  vectorStores: z.array(name).default([]),
  mcpServers: z.array(httpsUrl).default([]),
  serviceTiers: z.array(name).default([]),
  prompts: z.record(name, z.strictObject({ inputTokens: tokens })).default({}),
  stateful: z.strictObject({ inputTokens: tokens }).optional(),
});

/** What a plan allows, as a developer writes it; see `Allowances`. */
export type AllowancesSpec = z.input<typeof allowancesShape>;

/** Reads what a plan allows, once. TypeError names the field below `path` that is wrong. */
export function parseAllowances(spec: unknown, path: string): Allowances {
  return parseOrThrow(allowancesShape, spec, path);
}
