import { nanoUsdUp } from '../../base/money.ts';
import { type Denial, deny } from '../../core/denial.ts';
import type { RateCard } from '../prices/rate-card.ts';
import { INPUT_TOKENS, PREVIEW_SEARCH } from '../prices/tool-fees.ts';
import { noteUse } from './hosted-uses.ts';
import { below, type Inspection, notAllowed } from './wire-check.ts';

/**
 * Models that search without a tool in the request, by their names: OpenAI's `gpt-4o-search-preview`,
 * `gpt-4o-mini-search-preview` and `gpt-5-search-api` (price page, a copy of 2026-09), and those of other
 * hosts (recorded requests, 2026-08).
 */
const searching = /-search-(?:preview|api)\b|:online$|^perplexity\/|^(?:groq\/)?compound\b/;
const PUBLISHED: NonNullable<RateCard['searches']> = {
  nanoUsdPerCall: PREVIEW_SEARCH,
  maxPerRequest: Number.POSITIVE_INFINITY,
};

/** Counts a model that searches by itself as the hosted tool `web_search`, or refuses it. */
export function noteOwnSearches(
  inspection: Inspection,
  stated: RateCard['searches'],
): Denial | undefined {
  const { model } = inspection;
  const searches = stated ?? (searching.test(model) ? PUBLISHED : undefined);
  if (searches === undefined) return undefined;
  const allowed = inspection.allow.hostedTools.web_search;
  if (allowed === undefined) {
    const why = 'searches the web by itself; the plan must enable the hosted tool "web_search"';
    return below('model', deny('model_not_allowed', why));
  }
  const maxCalls = Math.min(allowed.maxCalls, searches.maxPerRequest);
  const use = {
    maxCalls,
    nanoUsdEach: Math.max(searches.nanoUsdPerCall, nanoUsdUp(allowed.usdPerCall ?? 0)),
    perCall: 1,
    // Chat does not say how often it searched.
    unseen: maxCalls,
    inputTokensPerCall: allowed.inputTokensPerCall ?? INPUT_TOKENS.web_search,
    image: undefined,
  };
  noteUse('web_search', use, inspection);
  return undefined;
}

const researching = /-deep-research(?:-\d{4}-\d{2}-\d{2})?$/;

/** OpenAI refuses a model for deep research without a tool to search with. */
export function missesTool({ model, hosted }: Inspection): Denial | undefined {
  if (hosted !== undefined || !researching.test(model)) return undefined;
  return below('tools', notAllowed('must have a hosted tool for this model to search with'));
}
