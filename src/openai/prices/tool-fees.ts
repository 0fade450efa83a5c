import { nanoUsdUp } from '../../base/money.ts';
import type { ContainerMemory, HostedToolName } from './hosted-tools.ts';

/**
 * Fees of hosted tools, and the input that they add. Source, unless stated: OpenAI's price page, a copy of
 * 2026-09. Fees are in nano-USD.
 */

/** One search of `web_search`, of any model. */
const SEARCH = nanoUsdUp(10 / 1_000);
/** One search of `web_search_preview` for a model that does not reason, of chat, and of a model that
 * searches by itself. What it finds is then free. */
export const PREVIEW_SEARCH = nanoUsdUp(25 / 1_000);

/** Models for which what a search finds is billed as 8,000 input tokens, which no usage shows. */
const fixedContent: ReadonlyMap<string, number> = new Map([
  ['gpt-4o-mini', nanoUsdUp((8_000 * 0.15) / 1e6)],
  ['gpt-4.1-mini', nanoUsdUp((8_000 * 0.4) / 1e6)],
]);

/** Models whose names say that they reason. Any other name may be of one that does not, which costs more. */
const reasoning = /^(?:o[134]|gpt-[56])(?!.*-(?:chat|search)\b)/;
const dated = /-\d{4}-\d{2}-\d{2}$/;

/** Returns the fee of one search by a tool of this type. */
export function searchFee(type: unknown, model: string): number {
  if (type === 'web_search' || type === 'web_search_2025_08_26') {
    return SEARCH + (fixedContent.get(model.replace(dated, '')) ?? 0);
  }
  return type !== undefined && reasoning.test(model) ? SEARCH : PREVIEW_SEARCH;
}

/** One call of a tool whose fee depends on nothing. Computer use and MCP cost only their tokens. */
export const CALL_FEES = { file_search: nanoUsdUp(2.5 / 1_000), computer: 0, mcp: 0 } as const;

/** A container for up to this long is one session. */
export const SESSION_MS = 20 * 60_000;

/** One session of a container by its memory (since 2026-03-31). Some are billed by the minute, for less. */
export const SESSION_FEES: Readonly<Record<ContainerMemory, number>> = {
  '1g': nanoUsdUp(0.03),
  '4g': nanoUsdUp(0.12),
  '16g': nanoUsdUp(0.48),
  '64g': nanoUsdUp(1.92),
};

/** A container that exists may have any memory. */
export const DEAREST_SESSION: number = Math.max(...Object.values(SESSION_FEES));

/** The most that one use of a tool costs which the request did not name. A stored prompt may name it. */
export const DEAREST_FEES: Readonly<Record<HostedToolName, number>> = {
  ...CALL_FEES,
  web_search: PREVIEW_SEARCH,
  code_interpreter: DEAREST_SESSION,
  shell: DEAREST_SESSION,
  // An image of 14,272 tokens at 30 USD per million, and its input.
  image_generation: nanoUsdUp(0.5),
};

/**
 * How many input tokens one call adds to each round, where a plan does not say. Recorded in the public test
 * suites of client libraries (2026-08), for requests of a few hundred bytes: searches up to 43,902 tokens
 * in two rounds, code up to 3,727, images up to 2,281, lists of MCP tools up to 1,401. What a shell prints
 * and an MCP server returns has no bound; the numbers are well above what was seen.
 */
export const INPUT_TOKENS: Readonly<Record<HostedToolName, number>> = {
  web_search: 24_000,
  file_search: 20_000,
  code_interpreter: 8_000,
  image_generation: 4_000,
  computer: 4_000,
  shell: 8_000,
  mcp: 16_000,
};

/** A large context of a search, twice the usual. */
export const LARGE_SEARCH_TOKENS: number = 2 * INPUT_TOKENS.web_search;

/** A result of `file_search` is a chunk of 800 tokens by default (guide "File search", 2026-10), and its
 * frame. Without `max_num_results` it is 20 of them. */
export const RESULT_TOKENS = 1_000;
