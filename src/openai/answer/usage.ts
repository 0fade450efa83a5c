import type { Usage, UsageDoubt } from '../../core/usage.ts';
import type { Amounts } from '../../ledger/amounts.ts';
import type { HostedCalls } from '../prices/hosted-tools.ts';
import { tokenAmounts } from '../prices/upper-bound.ts';
import { countHostedCalls } from './hosted-calls.ts';
import { reportedNanoUsd } from './reported-cost.ts';
import { asObject, isPartial, largerUsage, readUsage } from './usage-rules.ts';

/** What an answer says of its own cost. */
export interface Reading {
  readonly usage: Usage;
  /** The model that answered, as OpenAI names it. */
  readonly model?: string;
  /** The tier that served it, which may differ from the one asked for. */
  readonly serviceTier?: string;
  /** Calls of hosted tools; `usage` has no fees. `undefined` where the answer cannot tell. */
  readonly hostedCalls?: HostedCalls;
  /** What the host says that the answer costs. Only to be used where its dialect says `reportsCost`. */
  readonly reportedNanoUsd?: number;
  /** Rules by which an incomplete or contradictory usage was read. */
  readonly doubts?: readonly UsageDoubt[];
}

/** Returns what an answer used, in each unit that it reports, and its cost. */
export function usedAmounts({ usage }: Reading, nanoUsd: number): Readonly<Partial<Amounts>> {
  return tokenAmounts(usage.inputTokens, usage.outputTokens, nanoUsd);
}

/**
 * Reads the cost from the JSON of an answer (for a Responses event: from its `response`). `undefined`:
 * there is no usage, or no count in it.
 */
export type UsageReader = (answer: unknown) => Reading | undefined;

/** What a usage reader reads. */
interface UsageShape {
  /** The endpoint writes tokens. */
  readonly writes: boolean;
  /** Calls of hosted tools are listed in the answer. */
  readonly listsHostedCalls?: true;
}

function usageReader({ writes, listsHostedCalls }: UsageShape): UsageReader {
  return (answer) => {
    const json = asObject(answer);
    if (json === undefined) return undefined;
    // Groq has it at another place in streams (`groq-sdk` 1.6.0, 2026-11).
    const usage = json['usage'] ?? asObject(json['x_groq'])?.['usage'];
    const read = readUsage(usage, writes);
    if (read === undefined) return undefined;
    const reported = reportedNanoUsd(usage);
    const hostedCalls = listsHostedCalls ? countHostedCalls(json) : undefined;
    return {
      usage: read.usage,
      ...(typeof json['model'] === 'string' && { model: json['model'] }),
      ...(typeof json['service_tier'] === 'string' && { serviceTier: json['service_tier'] }),
      ...(hostedCalls !== undefined && { hostedCalls }),
      ...(reported !== undefined && { reportedNanoUsd: reported }),
      ...(read.doubts.length > 0 && { doubts: read.doubts }),
    };
  };
}

/** Usage of chat completions and completions. */
export const chatUsage = usageReader({ writes: true });
/** Usage of answers that write no tokens. */
export const inputUsage = usageReader({ writes: false });
/** Usage of the Responses API. */
export const responseUsage = usageReader({ writes: true, listsHostedCalls: true });

const NO_DOUBTS: readonly UsageDoubt[] = [];

/** The rules by which a usage was read that is incomplete or contradicts itself. */
export const doubtsOf = ({ doubts = NO_DOUBTS }: Reading): readonly UsageDoubt[] => doubts;

/** Whether no count is missing that nothing else tells. */
export const isComplete = (reading: Reading): boolean => !isPartial(doubtsOf(reading));

/** Joins what one stream says of its cost at several places. */
export function largerReading(earlier: Reading, later: Reading): Reading {
  const a = { usage: earlier.usage, doubts: doubtsOf(earlier) };
  const b = { usage: later.usage, doubts: doubtsOf(later) };
  return { ...earlier, ...later, ...largerUsage(a, b), ...largerCost(earlier, later) };
}

function largerCost(a: Reading, b: Reading): Pick<Reading, 'reportedNanoUsd'> {
  if (a.reportedNanoUsd === undefined && b.reportedNanoUsd === undefined) return {};
  return { reportedNanoUsd: Math.max(a.reportedNanoUsd ?? 0, b.reportedNanoUsd ?? 0) };
}
