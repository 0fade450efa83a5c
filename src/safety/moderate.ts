import * as z from 'zod';
import { duration } from '../base/duration.ts';
import {
  callback,
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Denial } from '../core/denial.ts';
import { promptEndpoints } from '../openai/endpoints/descriptors.ts';
import type { BeforeSpec } from '../options/hook-options.ts';
import { denyRequest, type HookContext, type ModerationResult } from '../pipeline/hook.ts';
import { moderatedContent } from './moderated-content.ts';

/** What moderation found in a request. */
export interface FlaggedContent {
  /** The categories that count, such as `'violence'`, in the order of OpenAI's list. */
  readonly categories: readonly string[];
  /** The highest score of each category, from 0 to 1. */
  readonly scores: Readonly<Record<string, number>>;
}

/** Decides what happens to a flagged request. Returns nothing to let it pass, such as to watch at first. */
export type OnFlag = (
  flagged: FlaggedContent,
  context: HookContext,
) => Denial | undefined | Promise<Denial | undefined> | void | Promise<void>;

const moderateShape = {
  /** The categories that count, in OpenAI's names. Without it, all of them. */
  categories: z.array(z.string().min(1)).min(1).readonly().optional(),
  /** From which score on a category counts, above 0 and at most 1. Without it, OpenAI decides. */
  threshold: z
    .number()
    .refine((score) => score > 0 && score <= 1, 'must be above 0 and at most 1')
    .optional(),
  /** Decides what happens to a flagged request. Without it, 403 `request_denied`. */
  onFlag: callback<OnFlag>().optional(),
  /** How long it may take. Without it, `timeouts.hook`. */
  timeout: duration.optional(),
  /** What happens to a request that cannot be moderated: OpenAI does not answer, or the content is too long,
   * has too many images, or is token ids.
   * @default 'deny' */
  onError: z.enum(['deny', 'allow']).default('deny'),
};

/** How requests are moderated. */
export interface ModerateSpec
  extends RequiredOptions<typeof moderateShape>,
    OptionalOptions<typeof moderateShape> {}

interface ParsedModerate extends ParsedOptions<typeof moderateShape> {}

const moderateSchema: z.ZodType<ParsedModerate, ModerateSpec> = optionsSchema(moderateShape);

/**
 * Returns a `before` hook that asks OpenAI's free moderation endpoint about the text and the images of each
 * request to chat completions, responses, completions and embeddings, and denies flagged ones with 403
 * `request_denied`. It is called with the server's key, and counts in no limit of the user. It looks at 160,000
 * characters and 8 images at most; what has more cannot be moderated. Files, audio, and what OpenAI has
 * stored are not looked at. Throws `TypeError` for a wrong option.
 *
 * @example
 * ```ts
 * const guard = createGuardedCompletion({
 *   apiKey: process.env.OPENAI_API_KEY,
 *   secret: process.env.GUARD_SECRET,
 *   plans: { free: { models: ['gpt-5-mini'] } },
 *   before: moderate({ threshold: 0.6 }),
 * });
 * ```
 */
export function moderate(options: ModerateSpec = {}): BeforeSpec {
  const { timeout: _, ...parsed } = parseOrThrow(moderateSchema, options, 'options');
  return {
    name: 'moderate',
    run: (context) => moderateCall(context, parsed),
    onError: parsed.onError,
    ...(options.timeout !== undefined && { timeout: options.timeout }),
  };
}

type Settings = Omit<ParsedModerate, 'timeout'>;

async function moderateCall(context: HookContext, settings: Settings): Promise<Denial | undefined> {
  if (!promptEndpoints.has(context.endpoint)) return undefined;
  const { texts, images, isWhole } = moderatedContent(context.body);
  if (!isWhole && settings.onError === 'deny') return UNREADABLE;
  const inputs = images.map((url) => [{ type: 'image_url', image_url: { url } }] as const);
  const asked = [...(texts.length > 0 ? [texts] : []), ...inputs];
  const results = await Promise.all(asked.map((input) => context.moderations(input)));
  const flagged = flaggedIn(results.flat(), settings);
  if (flagged === undefined) return undefined;
  if (settings.onFlag !== undefined) return (await settings.onFlag(flagged, context)) ?? undefined;
  return denyRequest(`The request was flagged for ${flagged.categories.join(', ')}.`);
}

const UNREADABLE = denyRequest(
  'The request cannot be moderated: send text that is shorter, and fewer images.',
);

function flaggedIn(
  results: readonly ModerationResult[],
  settings: Settings,
): FlaggedContent | undefined {
  const scores: Record<string, number> = {};
  const found = new Set<string>();
  for (const result of results) {
    for (const [category, score] of Object.entries(result.category_scores)) {
      scores[category] = Math.max(scores[category] ?? 0, score);
      if (counts(category, score, result, settings)) found.add(category);
    }
  }
  return found.size === 0 ? undefined : { categories: [...found], scores };
}

function counts(
  category: string,
  score: number,
  { categories }: ModerationResult,
  { categories: wanted, threshold }: Settings,
): boolean {
  if (wanted !== undefined && !wanted.includes(category)) return false;
  return threshold === undefined ? categories[category] === true : score >= threshold;
}
