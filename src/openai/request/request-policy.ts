import { z } from 'zod';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import type { HostedTool, HostedToolName } from '../prices/hosted-fees.ts';

/** An input with more tokens than its bytes show. */
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

/**
 * Secrets with which an app speaks to OpenAI's Realtime API directly. The guard does not see what
 * happens after a secret was made. Neither tokens nor money can be counted. One secret opens any number
 * of sessions until it ends, and OpenAI lets the app change the session (`openai` package 7.57.0,
 * 2026-11-13). So each secret is charged `reserve`, whatever it is used for, and its life is short.
 */
export interface RealtimeAllowance {
  /** Sent as it is; an app cannot ask for another one. */
  readonly session: RealtimeSession;
  /** The charge for one secret, in every limit that counts money or tokens. */
  readonly reserve: Reserve;
  /** The longest life of a secret in seconds, and its default; 10 to 7,200, default 60. */
  readonly maxSeconds: number;
}

export interface RealtimeSession {
  readonly type: 'realtime';
  readonly model: string;
  readonly [field: string]: unknown;
}

export interface Reserve {
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
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
  /** `POST /realtime/client_secrets`. */
  readonly realtime?: RealtimeAllowance | undefined;
  readonly hostedTools: Readonly<Partial<Record<HostedToolName, HostedTool | undefined>>>;
  /** Vector stores that `file_search` may read, by id. */
  readonly vectorStores: readonly string[];
  /** MCP servers by exact URL; `hostedTools.mcp` bounds their calls. */
  readonly mcpServers: readonly string[];
  /** Service tiers that are allowed in addition to `default`. */
  readonly serviceTiers: readonly string[];
  /** Stored prompts by id, each with an upper bound of its own tokens. */
  readonly prompts: Readonly<Record<string, { readonly inputTokens: number }>>;
  /**
   * `store`, `background`, `previous_response_id`, `conversation`, references to items, files,
   * containers and voices. All users of the project share these objects: everyone who knows an id can
   * use it. Enable it only for plans where users may see each other's objects.
   */
  readonly stateful?:
    | {
        /** Upper bound of the input tokens that references bring into one request. */
        readonly inputTokens: number;
      }
    | undefined;
}

/** What a plan lets each request do. */
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
  realtime: z
    .strictObject({
      session: z.looseObject({ type: z.literal('realtime'), model: z.string().min(1).max(128) }),
      reserve: z.strictObject({
        usd: z.number().min(0).max(1_000),
        inputTokens: tokens.default(0),
        outputTokens: tokens.default(0),
      }),
      maxSeconds: z.int().min(10).max(7_200).default(60),
    })
    .optional(),
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

/** Reads what a plan allows, once. Throws a TypeError that names the wrong field below `path`. */
export function parseAllowances(spec: unknown, path: string): Allowances {
  return parseOrThrow(allowancesShape, spec, path);
}
