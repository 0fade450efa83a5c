import { nanoUsdUp } from '../../base/money.ts';
import type { HostedCalls, HostedTool, HostedToolName } from './hosted-tools.ts';

/** What the hosted tools of one request can cost. */
export interface HostedFees {
  /** Calls of all tools together; 0 without any. */
  readonly calls: number;
  readonly mostNanoUsd: number;
  /** What their results, and the answer so far, add to each round of input. */
  readonly extraInputTokens: number;
  /** The fees for the calls of an answer; the most where the calls are not known. */
  chargedNanoUsd(reading: { readonly hostedCalls?: HostedCalls }): number;
}

const nanoPerCall = ({ usdPerCall }: HostedTool) => nanoUsdUp(usdPerCall);

const none: HostedFees = {
  calls: 0,
  mostNanoUsd: 0,
  extraInputTokens: 0,
  chargedNanoUsd: () => 0,
};

/** OpenAI bounds the calls of all tools together, so each call may be one of the dearest tool. */
export function hostedFees(
  hosted: ReadonlyMap<HostedToolName, HostedTool> | undefined,
  asked: unknown,
  outputTokens: number,
): HostedFees {
  if (hosted === undefined) return none;
  const tools = [...hosted.values()];
  const allowed = tools.reduce((sum, { maxCalls }) => sum + maxCalls, 0);
  const calls = typeof asked === 'number' ? Math.min(asked, allowed) : allowed;
  const dearest = Math.max(...tools.map(nanoPerCall));
  const longest = Math.max(...tools.map(({ inputTokensPerCall }) => inputTokensPerCall));
  const mostNanoUsd = calls * dearest;
  return {
    calls,
    mostNanoUsd,
    extraInputTokens: calls * longest + outputTokens,
    chargedNanoUsd: ({ hostedCalls }) => {
      if (hostedCalls === undefined) return mostNanoUsd;
      const fee = (name: string) => {
        const tool = hosted.get(name as HostedToolName);
        return tool === undefined ? dearest : nanoPerCall(tool);
      };
      return Object.entries(hostedCalls.billed).reduce((sum, [name, n]) => sum + n * fee(name), 0);
    },
  };
}
