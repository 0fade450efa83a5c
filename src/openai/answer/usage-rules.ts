import type { Usage, UsageDoubt } from '../../core/usage.ts';

/** A usage, and the rules by which counts that were missing or contradicted each other were read. */
export interface ReadUsage {
  readonly usage: Usage;
  readonly doubts: readonly UsageDoubt[];
}

type Json = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined;
}

/**
 * Reads a usage in the spelling of any host. Counts that contradict each other are never discarded: the
 * larger reading counts. `undefined`: no count is in it. `writes`: the endpoint writes tokens.
 */
export function readUsage(value: unknown, writes: boolean): ReadUsage | undefined {
  const json = asObject(value);
  if (json === undefined) return undefined;
  const counts = new Counts(json);
  const given = givenCounts(counts);
  const { input, output, total } = given;
  if (input === undefined && output === undefined && total === undefined) return undefined;
  const inputTokens = inputOf(given, writes, counts);
  const outputTokens = outputOf(given, inputTokens, writes, counts);
  // What an endpoint reads is all of the total that it does not write.
  const rest = writes ? 0 : (total ?? 0) - outputTokens;
  if (input !== undefined && rest > inputTokens) counts.doubt('total_above_parts');
  const usage = usageOf(counts, given, Math.max(inputTokens, rest), outputTokens);
  if (total !== undefined && total < usage.inputTokens + usage.outputTokens) {
    counts.doubt('total_below_parts');
  }
  return { usage, doubts: counts.doubts };
}

/** Far above any request: the largest context is about a million tokens. */
const TOKENS_MAX = 1_000_000_000;

const NO_DOUBTS: readonly UsageDoubt[] = [];

/** The counts of one usage. It also notes which rules had to change or complete them. */
class Counts {
  doubts: readonly UsageDoubt[] = NO_DOUBTS;
  readonly top: readonly Json[];
  readonly inputDetails: readonly Json[];
  readonly outputDetails: readonly Json[];

  constructor(json: Json) {
    this.top = [json];
    this.inputDetails = objectsIn(json, inputDetailNames);
    this.outputDetails = objectsIn(json, outputDetailNames);
  }

  /** The largest count under any of these names. `undefined`: there is none. */
  find(places: readonly Json[], ...names: readonly string[]): number | undefined {
    let found: number | undefined;
    for (const place of places) {
      for (const name of names) {
        const count = this.#count(place[name]);
        if (count !== undefined && (found === undefined || count > found)) found = count;
      }
    }
    return found;
  }

  /** The same; 0 where there is none. */
  most(places: readonly Json[], ...names: readonly string[]): number {
    return this.find(places, ...names) ?? 0;
  }

  /** A part that is larger than the whole is cut to it. */
  part(count: number, whole: number): number {
    if (count > whole) this.doubt('detail_above_whole');
    return Math.min(count, whole);
  }

  doubt(doubt: UsageDoubt): void {
    if (!this.doubts.includes(doubt)) this.doubts = [...this.doubts, doubt];
  }

  /** A fraction counts as the next whole number. What cannot be a count is absent. */
  #count(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && value >= 0 && value <= TOKENS_MAX) return Math.ceil(value);
    this.doubt('invalid_count');
    return undefined;
  }
}

const inputDetailNames = ['prompt_tokens_details', 'input_tokens_details', 'input_token_details'];
const outputDetailNames = [
  'completion_tokens_details',
  'output_tokens_details',
  'output_token_details',
];

const writeDetailNames = ['cache_write_tokens_details'];

function objectsIn(json: Json, names: readonly string[]): readonly Json[] {
  return names.map((name) => asObject(json[name])).filter((value) => value !== undefined);
}

/** What a usage says, before it is made to agree with itself. */
interface Given {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly total: number | undefined;
  readonly cached: number;
  readonly written: number;
  readonly reasoning: number;
}

/** The spellings are those of OpenAI, and of hosts that speak its wire (read in recorded answers, 2026-11). */
function givenCounts(counts: Counts): Given {
  const { top, inputDetails, outputDetails } = counts;
  return {
    input: counts.find(top, 'prompt_tokens', 'input_tokens'),
    output: counts.find(top, 'completion_tokens', 'output_tokens'),
    total: counts.find(top, 'total_tokens'),
    cached: Math.max(
      counts.most(inputDetails, 'cached_tokens'),
      counts.most(top, ...cachedNames, 'cache_read_input_tokens'),
    ),
    written: Math.max(
      counts.most(inputDetails, 'cache_write_tokens', 'cache_creation_tokens'),
      counts.most(top, 'cache_creation_input_tokens'),
    ),
    reasoning: Math.max(
      counts.most(outputDetails, 'reasoning_tokens'),
      counts.most(top, 'reasoning_tokens'),
    ),
  };
}

/** Cached input outside the details: DeepSeek's name, Moonshot's, Mistral's. */
const cachedNames = ['prompt_cache_hit_tokens', 'cached_tokens', 'num_cached_tokens'];

function inputOf(given: Given, writes: boolean, counts: Counts): number {
  const input = given.input ?? missingInput(given, writes, counts);
  const whole = withCacheBeside(input, given, counts);
  const { top } = counts;
  const hit = counts.most(top, 'prompt_cache_hit_tokens');
  const miss = counts.find(top, 'prompt_cache_miss_tokens');
  if (miss === undefined || hit + miss <= whole) return whole;
  counts.doubt('cache_above_input');
  return hit + miss;
}

function missingInput(given: Given, writes: boolean, counts: Counts): number {
  const { output, total, cached, written } = given;
  // Of a total alone, the dearer side gets all that is not known to be input.
  const isAlone = writes && output === undefined;
  if (total === undefined || isAlone) {
    const isKnown = cached + written > 0;
    counts.doubt(isAlone ? 'total_alone' : isKnown ? 'input_from_cache' : 'input_missing');
    return cached + written;
  }
  counts.doubt('input_from_total');
  return Math.max(0, total - (output ?? 0));
}

/**
 * Counts of the cache without details stand beside the input, as Anthropic counts, unless the total says
 * that they are inside. What is larger than the input cannot be inside.
 */
function withCacheBeside(input: number, { output, total }: Given, counts: Counts): number {
  const { top, inputDetails } = counts;
  const beside =
    counts.most(top, 'cache_read_input_tokens') + counts.most(top, 'cache_creation_input_tokens');
  const hasDetails = inputDetails.some((details) => Object.keys(details).length > 0);
  if (beside === 0 || hasDetails) return input;
  const isInside = total !== undefined && total < input + beside + (output ?? 0);
  if (isInside && beside <= input) return input;
  counts.doubt('cache_beside_input');
  return input + beside;
}

function outputOf(given: Given, inputTokens: number, writes: boolean, counts: Counts): number {
  const { total, reasoning } = given;
  let output = given.output ?? 0;
  if (!writes) return output;
  const rest = total === undefined ? 0 : total - inputTokens;
  if (given.output === undefined) {
    counts.doubt(total === undefined ? 'output_missing' : 'output_from_total');
  } else if (rest > output && rest !== output + reasoning) counts.doubt('total_above_parts');
  // xAI counts the reasoning beside the output, and both in the total (its OpenAPI file, 2026-08).
  output = Math.max(output, rest);
  if (reasoning <= output) return output;
  counts.doubt('reasoning_above_output');
  // Without a total, the reasoning stands beside the output.
  return total === undefined ? output + reasoning : reasoning;
}

function usageOf(counts: Counts, given: Given, inputTokens: number, outputTokens: number): Usage {
  const { top, inputDetails, outputDetails } = counts;
  const cachedInputTokens = counts.part(given.cached, inputTokens);
  const cacheWriteTokens = counts.part(given.written, inputTokens);
  if (cachedInputTokens + cacheWriteTokens > inputTokens) counts.doubt('cache_overlaps');
  const writes = inputDetails.flatMap((details) => objectsIn(details, writeDetailNames));
  const heard = Math.max(
    counts.most(inputDetails, 'audio_tokens'),
    counts.most(top, 'audio_prompt_tokens'),
  );
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWriteLongTokens: counts.part(counts.most(writes, 'ttl_12h_tokens'), cacheWriteTokens),
    outputTokens,
    reasoningTokens: Math.min(given.reasoning, outputTokens),
    inputAudioTokens: counts.part(heard, inputTokens),
    inputImageTokens: counts.part(counts.most(inputDetails, 'image_tokens'), inputTokens),
    outputAudioTokens: counts.part(counts.most(outputDetails, 'audio_tokens'), outputTokens),
    outputImageTokens: counts.part(counts.most(outputDetails, 'image_tokens'), outputTokens),
  };
}

/**
 * Joins two usages of one stream: a count never falls, and what one leaves out the other completes. The
 * order of the two makes no difference.
 */
export function largerUsage(a: ReadUsage, b: ReadUsage): ReadUsage {
  const counts = { ...a.usage } as { -readonly [Name in keyof Usage]: number };
  for (const name of Object.keys(counts) as (keyof Usage)[]) {
    counts[name] = Math.max(counts[name], b.usage[name]);
  }
  const isLeft = (doubt: UsageDoubt) =>
    !missing.has(doubt) || (a.doubts.includes(doubt) && b.doubts.includes(doubt));
  const doubts = new Set([...a.doubts, ...b.doubts].filter(isLeft));
  return { usage: counts, doubts: [...doubts].sort() };
}

const missing: ReadonlySet<UsageDoubt> = new Set(['input_missing', 'output_missing']);

/** Whether a count is missing that nothing else tells, so that only a part of the usage is known. */
export const isPartial = (doubts: readonly UsageDoubt[]): boolean =>
  doubts.some((doubt) => missing.has(doubt));

/** Rules that take no larger reading than what is written. */
const exact: ReadonlySet<UsageDoubt> = new Set([
  'input_from_total',
  'output_from_total',
  'total_below_parts',
]);

/** Whether counts contradicted each other, so that the larger reading was taken. */
export const isEstimate = (doubts: readonly UsageDoubt[]): boolean =>
  doubts.some((doubt) => !exact.has(doubt));
