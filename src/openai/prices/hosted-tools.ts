import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../../base/option-schema.ts';
import { hasImagePrice, type ImageTokens } from './image-prices.ts';

const callsShape = {
  /** Calls in one request, of all hosted tools together where several are sent; 1 to 1,000. */
  maxCalls: z.int().min(1).max(1_000),
  /** The fee for one call, in USD, where it is more than OpenAI publishes: for one search, one session of a
   * container, one image; 0 to 1,000. Without it, the published fee. */
  usdPerCall: z.number().min(0).max(1_000).optional(),
  /** Upper bound of the input tokens that one call's result adds. Without it, a bound for this tool that
   * docs/hosted-tools.md lists. */
  inputTokensPerCall: z.int().min(0).max(10_000_000).optional(),
};

/** A hosted tool. */
export interface CalledToolSpec
  extends RequiredOptions<typeof callsShape>,
    OptionalOptions<typeof callsShape> {}

export interface CalledTool extends ParsedOptions<typeof callsShape> {}

const called: z.ZodType<CalledTool, CalledToolSpec> = optionsSchema(callsShape);

const searchShape = {
  ...callsShape,
  /** One call may search for several queries at once, and each has the fee: how many are held for one
   * call; 1 to 100.
   * @default 5 */
  searchesPerCall: z.int().min(1).max(100).default(5),
};

/** The web search. */
export interface WebSearchSpec
  extends RequiredOptions<typeof searchShape>,
    OptionalOptions<typeof searchShape> {}

export interface WebSearch extends ParsedOptions<typeof searchShape> {}

const search: z.ZodType<WebSearch, WebSearchSpec> = optionsSchema(searchShape);

const memory = z.enum(['1g', '4g', '16g', '64g']);

/** The memory of a container, by which its fee differs. */
export type ContainerMemory = z.infer<typeof memory>;

const containerShape = {
  ...callsShape,
  /** The memory that a request may ask for. The first is sent where it asks for none.
   * @default ['1g'] */
  memory: z.array(memory).min(1).readonly().default(['1g']),
};

/** A hosted tool that runs in a container. */
export interface ContainerToolSpec
  extends RequiredOptions<typeof containerShape>,
    OptionalOptions<typeof containerShape> {}

export interface ContainerTool extends ParsedOptions<typeof containerShape> {}

const inContainer: z.ZodType<ContainerTool, ContainerToolSpec> = optionsSchema(containerShape);

const quality = z.enum(['low', 'medium', 'high', 'xhigh', 'max']);
const size = z.string().regex(/^\d{2,4}x\d{2,4}$/, 'must be a size like "1024x1024"');

/** The quality of an image, by which its tokens differ. */
export type ImageQuality = z.infer<typeof quality>;

const imageShape = {
  ...callsShape,
  /** The image models that a request may ask for. Of these three lists, the first is sent where a request
   * asks for none or for `auto`.
   * @default ['gpt-image-1.5'] */
  models: z.array(z.string().min(1)).min(1).readonly().default(['gpt-image-1.5']),
  /** The qualities that a request may ask for.
   * @default ['medium'] */
  quality: z.array(quality).min(1).readonly().default(['medium']),
  /** The sizes that a request may ask for.
   * @default ['1024x1024'] */
  sizes: z.array(size).min(1).readonly().default(['1024x1024']),
};

/** The image generation. */
export interface ImageGenerationSpec
  extends RequiredOptions<typeof imageShape>,
    OptionalOptions<typeof imageShape> {}

export interface ImageGeneration extends ParsedOptions<typeof imageShape> {}

const images: z.ZodType<ImageGeneration, ImageGenerationSpec> = optionsSchema(
  imageShape,
).superRefine((tool, context) => {
  const unpriced = tool.usdPerCall === undefined && unpricedImage(tool);
  if (unpriced) {
    context.addIssue({
      code: 'custom',
      path: ['usdPerCall'],
      message: `must be given: no price is known for an image of ${unpriced}`,
    });
  }
});

function unpricedImage({ models, quality, sizes }: ImageGeneration): string | undefined {
  for (const model of models)
    for (const level of quality)
      for (const size of sizes) {
        if (!hasImagePrice(model, level, size)) return `"${model}" in "${level}" and "${size}"`;
      }
  return undefined;
}

const toolsShape = {
  /** Searches the web. Models that search by themselves count as this tool. */
  web_search: search.optional(),
  /** Searches the stores of `vectorStores`. */
  file_search: called.optional(),
  /** Runs code in a container of OpenAI's. */
  code_interpreter: inContainer.optional(),
  /** Makes images. */
  image_generation: images.optional(),
  /** Operates a computer. */
  computer: called.optional(),
  /** Runs shell commands in a container of OpenAI's. */
  shell: inContainer.optional(),
  /** Calls the servers of `mcpServers`. */
  mcp: called.optional(),
};

/** A hosted tool as plans name it. Dated spellings count as the plain one. */
export type HostedToolName = keyof typeof toolsShape;

export const HOSTED_TOOL_NAMES = Object.keys(toolsShape) as readonly HostedToolName[];

/** What an answer says of the hosted tools that ran for it. */
export interface HostedCalls {
  /** What is billed of each tool: searches, calls, images, and for tools with containers the containers. */
  readonly billed: Readonly<Partial<Record<HostedToolName, number>>>;
  /** The tokens of all images that were made. `undefined` where the answer does not report them. */
  readonly imageTokens?: ImageTokens;
}

/** The hosted tools that a plan allows; those without an entry are refused. */
export interface HostedToolsSpec
  extends RequiredOptions<typeof toolsShape>,
    OptionalOptions<typeof toolsShape> {}

export interface HostedTools extends ParsedOptions<typeof toolsShape> {}

export const hostedTools: z.ZodType<HostedTools, HostedToolsSpec> = optionsSchema(toolsShape);
