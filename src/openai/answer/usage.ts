import type { Usage } from '../../core/usage.ts';
import type { Amounts } from '../../ledger/amounts.ts';
import type { HostedCalls } from '../prices/hosted-tools.ts';
import { tokenAmounts } from '../prices/upper-bound.ts';
import { countHostedCalls } from './hosted-calls.ts';

/** What an answer says of its own cost. */
export interface Reading {
  readonly usage: Usage;
  /** The model that answered, as OpenAI names it. */
  readonly model?: string;
  /** The tier that served it, which may differ from the one asked for. */
  readonly serviceTier?: string;
  /** Calls of hosted tools; `usage` has no fees. `undefined` where the answer cannot tell. */
  readonly hostedCalls?: HostedCalls;
}

/** Returns what an answer used, in each unit that it reports, and its cost. */
export function usedAmounts({ usage }: Reading, nanoUsd: number): Readonly<Partial<Amounts>> {
  return tokenAmounts(usage.inputTokens, usage.outputTokens, nanoUsd);
}

/**
 * Reads the cost from the JSON of an answer (for a Responses event: from its `response`). `undefined`:
 * the usage is missing or no sane count, so it is not known.
 */
export type UsageReader = (answer: unknown) => Reading | undefined;

/** What a usage reader reads. */
interface UsageShape {
  /** OpenAI has two families of names. */
  readonly input: 'prompt_tokens' | 'input_tokens';
  /** Absent: nothing is written, so a missing count is 0. */
  readonly output?: 'completion_tokens' | 'output_tokens';
  /** Calls of hosted tools are listed in the answer. */
  readonly listsHostedCalls?: true;
}

function usageReader({ input, output, listsHostedCalls }: UsageShape): UsageReader {
  const counts: CountNames = {
    input,
    inputDetails: `${input}_details`,
    output: output ?? 'completion_tokens',
    outputDetails: `${output ?? 'completion_tokens'}_details`,
    outputAbsent: output === undefined ? 0 : Number.NaN,
  };
  return (answer) => {
    const json = asObject(answer);
    if (json === undefined) return undefined;
    const usage = parseUsage(json['usage'], counts);
    if (usage === undefined) return undefined;
    const hostedCalls = listsHostedCalls ? countHostedCalls(json) : undefined;
    return {
      usage,
      ...(typeof json['model'] === 'string' && { model: json['model'] }),
      ...(typeof json['service_tier'] === 'string' && { serviceTier: json['service_tier'] }),
      ...(hostedCalls !== undefined && { hostedCalls }),
    };
  };
}

/** Usage of chat completions and completions. */
export const chatUsage = usageReader({ input: 'prompt_tokens', output: 'completion_tokens' });
/** Usage of answers that write no tokens. */
export const inputUsage = usageReader({ input: 'prompt_tokens' });
/** Usage of the Responses API. */
export const responseUsage = usageReader({
  input: 'input_tokens',
  output: 'output_tokens',
  listsHostedCalls: true,
});

/** Far above any request: the largest context is about a million tokens. */
const TOKENS_MAX = 1_000_000_000;

type UsageJson = Readonly<Record<string, unknown>>;

interface CountNames {
  readonly input: string;
  readonly inputDetails: string;
  readonly output: string;
  readonly outputDetails: string;
  readonly outputAbsent: number;
}

export function asObject(value: unknown): UsageJson | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as UsageJson)
    : undefined;
}

/** `NaN` for anything that is not a count of tokens. An absent detail is 0. */
function count(value: unknown, absent = 0): number {
  if (value === undefined || value === null) return absent;
  const whole = Number.isInteger(value) ? (value as number) : Number.NaN;
  return whole >= 0 && whole <= TOKENS_MAX ? whole : Number.NaN;
}

function parseUsage(value: unknown, names: CountNames): Usage | undefined {
  const raw = asObject(value);
  if (raw === undefined) return undefined;
  const inputDetails = asObject(raw[names.inputDetails]) ?? {};
  const outputDetails = asObject(raw[names.outputDetails]) ?? {};
  const longWrites = asObject(inputDetails['cache_write_tokens_details']) ?? {};
  const usage: Usage = {
    inputTokens: count(raw[names.input], Number.NaN),
    cachedInputTokens: count(inputDetails['cached_tokens']),
    cacheWriteTokens: count(inputDetails['cache_write_tokens']),
    cacheWriteLongTokens: count(longWrites['ttl_12h_tokens']),
    outputTokens: count(raw[names.output], names.outputAbsent),
    reasoningTokens: count(outputDetails['reasoning_tokens']),
    inputAudioTokens: count(inputDetails['audio_tokens']),
    inputImageTokens: count(inputDetails['image_tokens']),
    outputAudioTokens: count(outputDetails['audio_tokens']),
    outputImageTokens: count(outputDetails['image_tokens']),
  };
  return isConsistent(usage) ? usage : undefined;
}

/** A comparison with `NaN` is false, so this also rejects what was not a count. */
function isConsistent(usage: Usage): boolean {
  return (
    usage.cachedInputTokens + usage.cacheWriteTokens <= usage.inputTokens &&
    usage.cacheWriteLongTokens <= usage.cacheWriteTokens &&
    usage.inputAudioTokens <= usage.inputTokens &&
    usage.inputImageTokens <= usage.inputTokens &&
    usage.reasoningTokens <= usage.outputTokens &&
    usage.outputAudioTokens <= usage.outputTokens &&
    usage.outputImageTokens <= usage.outputTokens
  );
}
