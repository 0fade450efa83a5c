import { z } from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';

const toolShape = {
  /** The fee for one call, in USD; 0 to 1,000. */
  usdPerCall: z.number().min(0).max(1_000),
  /** Calls in one request, of all hosted tools together where several are sent; 1 to 1,000. */
  maxCalls: z.int().min(1).max(1_000),
  /** Upper bound of the input tokens that one call's result adds. */
  inputTokensPerCall: z.int().min(0).max(10_000_000),
};

/** A tool that OpenAI runs. */
export interface HostedTool
  extends RequiredOptions<typeof toolShape>,
    OptionalOptions<typeof toolShape> {}

const tool: z.ZodType<HostedTool, HostedTool> = optionsSchema(toolShape);

const toolsShape = {
  /** Searches the web. */
  web_search: tool.optional(),
  /** Searches the stores of `vectorStores`. */
  file_search: tool.optional(),
  /** Runs code in a container of OpenAI's. */
  code_interpreter: tool.optional(),
  /** Makes images. */
  image_generation: tool.optional(),
  /** Operates a computer. */
  computer: tool.optional(),
  /** Runs shell commands. */
  shell: tool.optional(),
  /** Calls the servers of `mcpServers`. */
  mcp: tool.optional(),
};

/** A hosted tool as plans name it. Dated spellings count as the plain one. */
export type HostedToolName = keyof typeof toolsShape;

/** What an answer says of the hosted tools that ran for it. */
export interface HostedCalls {
  /** What is billed of each tool: searches, calls, images, and for tools with containers the containers. */
  readonly billed: Readonly<Partial<Record<HostedToolName, number>>>;
  /** The tokens of all images that were made. `undefined` where the answer does not report them. */
  readonly imageTokens?: ImageTokens;
}

/** Tokens of the image model, which are not part of the usage of the model that called it. */
export interface ImageTokens {
  readonly inputTokens: number;
  /** Part of `inputTokens`. */
  readonly inputImageTokens: number;
  readonly outputTokens: number;
}

/** The hosted tools that a plan allows; those without an entry are refused. */
export interface HostedToolsSpec
  extends RequiredOptions<typeof toolsShape>,
    OptionalOptions<typeof toolsShape> {}

export interface HostedTools extends ParsedOptions<typeof toolsShape> {}

export const hostedTools: z.ZodType<HostedTools, HostedToolsSpec> = optionsSchema(toolsShape);
