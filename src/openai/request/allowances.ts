import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { parseOrThrow } from '../../base/parse-or-throw.ts';
import { hostedTools } from '../prices/hosted-tools.ts';
import { realtimeAllowance } from './realtime-allowance.ts';
import {
  type VendorFieldName,
  vendorFieldNames,
  vendorFieldsNeverAllowed,
} from './vendor-field-names.ts';

const tokens = z.int().min(0).max(10_000_000);
const name = z.string().min(1).max(256);
const names = z.array(name).readonly();
const httpsUrl = z.url({ protocol: /^https$/, error: 'must be an https:// address' });

const vendorField: z.ZodType<VendorFieldName, VendorFieldName> = z.enum(vendorFieldNames, {
  error: ({ input }) => {
    const why = vendorFieldsNeverAllowed.get(String(input));
    return why === undefined
      ? `must be one of "${vendorFieldNames.join('", "')}"`
      : `can be allowed by no plan: ${why}`;
  },
});

const mediaShape = {
  /** How many one request may hold, at most 1,000.
   * @default 16 */
  maxPerRequest: z.int().min(1).max(1_000).default(16),
};

const fileShape = {
  ...mediaShape,
  /** The input tokens that one file may cost, apart from its bytes. They are held for each, more for a PDF
   * whose pages need more. Without it a file that is not plain text holds the whole context of the model. */
  tokensEach: tokens.optional(),
};

/** Files in the input. */
export interface FileAllowanceSpec
  extends RequiredOptions<typeof fileShape>,
    OptionalOptions<typeof fileShape> {}

export interface FileAllowance extends ParsedOptions<typeof fileShape> {}

const files: z.ZodType<FileAllowance, FileAllowanceSpec> = optionsSchema(fileShape);

const audioShape = {
  ...mediaShape,
  /** The most input tokens that one recording may need. A longer one is rejected. It is also the bound of
   * one whose length cannot be counted, which is rejected without it. */
  tokensEach: tokens.optional(),
};

/** Audio in the input. */
export interface AudioAllowanceSpec
  extends RequiredOptions<typeof audioShape>,
    OptionalOptions<typeof audioShape> {}

export interface AudioAllowance extends ParsedOptions<typeof audioShape> {}

const audio: z.ZodType<AudioAllowance, AudioAllowanceSpec> = optionsSchema(audioShape);

const imageShape = {
  ...mediaShape,
  /** The most input tokens that one image may need. A larger one is rejected. It is also the bound for
   * models whose rule is not published; without it they count as the dearest model. */
  tokensEach: tokens.optional(),
  /** Also allows `https:` addresses, which OpenAI's servers then fetch; otherwise only `data:`. Each counts
   * as the largest image.
   * @default false */
  https: z.boolean().default(false),
};

/** Images in the input. */
export interface ImageAllowanceSpec
  extends RequiredOptions<typeof imageShape>,
    OptionalOptions<typeof imageShape> {}

export interface ImageAllowance extends ParsedOptions<typeof imageShape> {}

const images: z.ZodType<ImageAllowance, ImageAllowanceSpec> = optionsSchema(imageShape);

const inputBoundShape = {
  /** The largest context, in tokens, of a model that may be called with such an object. What the object
   * brings is not known, so the call holds the model's whole context. Without it, every model. */
  inputTokens: tokens.optional(),
};

/** Input by id, which the guard cannot see. */
export interface InputBound
  extends RequiredOptions<typeof inputBoundShape>,
    OptionalOptions<typeof inputBoundShape> {}

/** The same, parsed. */
export interface ParsedInputBound extends ParsedOptions<typeof inputBoundShape> {}

const inputBound: z.ZodType<ParsedInputBound, InputBound> = optionsSchema(inputBoundShape);

const allowancesShape = {
  /** Images in the input, each counted by its pixels, its `detail` and the model. Without it, none. */
  images: images.optional(),
  /** Files in the input, inline only (`file_data`). Without it, none. */
  files: files.optional(),
  /** Audio in the input, inline only (`input_audio`), counted by its seconds. Without it, none. */
  audio: audio.optional(),
  /** Spoken answers.
   * @default false */
  audioOutput: z.boolean().default(false),
  /** `POST /realtime/client_secrets`. Without it, no secrets. */
  realtime: realtimeAllowance.optional(),
  /** Tools that OpenAI runs, each with its bounds; docs/hosted-tools.md. Without it, none. */
  hostedTools: hostedTools.prefault({}),
  /** Vector stores that `file_search` may read, by id.
   * @default [] */
  vectorStores: names.default([]),
  /** MCP servers by their exact `https:` URL; `hostedTools.mcp` bounds their calls.
   * @default [] */
  mcpServers: z.array(httpsUrl).readonly().default([]),
  /** Service tiers that are allowed in addition to `default`.
   * @default [] */
  serviceTiers: names.default([]),
  /** Fields that a host other than OpenAI takes, by name: `top_k`, `reasoning_content` … A host that does not
   * take one refuses it, by its dialect. See docs/hosts.md.
   * @default [] */
  vendorFields: z.array(vendorField).readonly().default([]),
  /** Stored prompts by id. A call with one holds the model's whole context, and counts as one with every
   * hosted tool that the plan allows, because a prompt may name tools.
   * @default {} */
  prompts: z.record(name, inputBound).readonly().default({}),
  /**
   * `store`, `previous_response_id`, `conversation`, references to items, files, containers and voices. A
   * Responses call that does not say is then stored, as at OpenAI. All users of the project share these
   * objects: any user who has an id can use it. Only for plans whose users may see each other's. Without it,
   * none.
   */
  stateful: inputBound.optional(),
};

/** Requests that a plan allows beyond plain text and the user's own functions; none by default. */
export interface AllowancesSpec
  extends RequiredOptions<typeof allowancesShape>,
    OptionalOptions<typeof allowancesShape> {}

/** The allowances of a plan, parsed once. */
export interface Allowances extends ParsedOptions<typeof allowancesShape> {}

export const allowances: z.ZodType<Allowances, AllowancesSpec> = optionsSchema(allowancesShape);

/** Reads what a plan allows, once. `TypeError` names the field below `path` that is wrong. */
export function parseAllowances(spec: unknown, path: string): Allowances {
  return parseOrThrow(allowances, spec, path);
}
/** What a plan lets each request do. */

export interface RequestPolicy {
  /** Tokens of one answer, reasoning included; ≥ 1. */
  readonly maxOutputTokens: number;
  /** The largest `n` and `best_of`; ≥ 1. */
  readonly maxChoices: number;
  readonly allow: Allowances;
}
