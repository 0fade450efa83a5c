import { calcPrice } from '@pydantic/genai-prices';

/**
 * What the published prices of Fast mode are of the standard ones, and the models that Flex is published
 * for at half the price (OpenAI's price page, September 2026). Fast was called `priority` before.
 */
const FAST: Readonly<Record<string, number>> = {
  'gpt-6-astra': 2,
  'gpt-6.1-sol': 2,
  'gpt-6-sol': 2,
  'gpt-6-luna': 2,
  'gpt-5.6-sol': 2,
  'gpt-5.6-terra': 2,
  'gpt-5.6-luna': 2,
  'gpt-5.5': 2.5,
  'gpt-5.4': 2,
  'gpt-5.4-mini': 2,
  'gpt-5.2': 2,
  'gpt-5.1': 2,
  'gpt-5': 2,
  'gpt-5-mini': 1.8,
  'gpt-4.1': 1.75,
  'gpt-4.1-mini': 1.75,
  'gpt-4.1-nano': 2,
  'gpt-4o': 1.7,
  'gpt-4o-mini': 5 / 3,
  o3: 1.75,
  'o4-mini': 20 / 11,
};
const FLEX: ReadonlySet<string> = new Set([
  'gpt-6-astra',
  'gpt-6.1-sol',
  'gpt-6-sol',
  'gpt-6-luna',
  'gpt-5.6-sol',
  'gpt-5.6-terra',
  'gpt-5.6-luna',
  'gpt-5.5',
  'gpt-5.4',
  'gpt-5.4-mini',
  'gpt-5.4-nano',
  'gpt-5.2',
  'gpt-5.1',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'o3',
  'o4-mini',
]);
const ULTRAFAST: ReadonlySet<string> = new Set(['gpt-6-astra', 'gpt-6.1-sol']);

function tierMultiplier(model: string, tier: string): number | undefined {
  if (tier === 'default') return 1;
  if (tier === 'fast' || tier === 'priority') return FAST[model];
  if (tier === 'ultrafast') return ULTRAFAST.has(model) ? 6 : undefined;
  return tier === 'flex' && FLEX.has(model) ? 0.5 : undefined;
}

const FREE_ENDPOINTS: ReadonlySet<string> = new Set(['/moderations']);

export interface InvoicedCall {
  readonly endpoint: string;
  readonly model: string;
  readonly serviceTier: string;
  readonly priceProvider: string | undefined;
  readonly safetyIdentifier: string | undefined;
  readonly user: string | undefined;
  readonly promptCacheKey: string | undefined;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly webSearches: number;
  readonly feesUsd: number;
}

/** The bill of one call that began generation: everything that was generated until its socket closed. */
export class InvoiceLine implements InvoicedCall {
  /** The path of the call, such as `/chat/completions`. */
  readonly endpoint: string;
  /** The model that answered. */
  readonly model: string;
  /** The tier that served the call. */
  readonly serviceTier: string;
  /** Whose price list counts. */
  readonly priceProvider: string | undefined;
  /** The request's `safety_identifier`. */
  readonly safetyIdentifier: string | undefined;
  /** The request's `user`, or where its host reads the end-user id. */
  readonly user: string | undefined;
  /** The request's `prompt_cache_key`. */
  readonly promptCacheKey: string | undefined;
  /** All input tokens, including cached and cache-writing ones. */
  readonly inputTokens: number;
  /** Part of `inputTokens`. */
  readonly cachedInputTokens: number;
  /** Part of `inputTokens`. */
  readonly cacheWriteTokens: number;
  /** All tokens generated so far, including reasoning. */
  outputTokens = 0;
  /** Part of `outputTokens`. */
  reasoningTokens = 0;
  /** Hosted web searches. */
  webSearches: number;
  /** Fees of hosted tools in US dollars: searches, containers, images. */
  feesUsd: number;
  /** True once the whole answer was generated, whether or not it was received. */
  complete = false;

  constructor(call: InvoicedCall) {
    this.endpoint = call.endpoint;
    this.model = call.model;
    this.serviceTier = call.serviceTier;
    this.priceProvider = call.priceProvider;
    this.safetyIdentifier = call.safetyIdentifier;
    this.user = call.user;
    this.promptCacheKey = call.promptCacheKey;
    this.inputTokens = call.inputTokens;
    this.cachedInputTokens = call.cachedInputTokens;
    this.cacheWriteTokens = call.cacheWriteTokens;
    this.webSearches = call.webSearches;
    this.feesUsd = call.feesUsd;
  }

  /** The price in US dollars by the current list; `undefined` for a model or tier without a price. */
  get costUsd(): number | undefined {
    if (FREE_ENDPOINTS.has(this.endpoint)) return 0;
    const multiplier = tierMultiplier(this.model, this.serviceTier);
    const tokens = priceOf(this, {
      input_tokens: this.inputTokens,
      cache_read_tokens: this.cachedInputTokens,
      cache_write_tokens: this.cacheWriteTokens,
      output_tokens: this.outputTokens,
    });
    if (multiplier === undefined || tokens === undefined) return undefined;
    return tokens * multiplier + this.feesUsd;
  }
}

function priceOf(
  { model, priceProvider: providerId }: InvoiceLine,
  usage: Record<string, number>,
): number | undefined {
  return providerId === undefined
    ? undefined
    : calcPrice(usage, model, { providerId })?.total_price;
}

/** What a whole answer costs. */
export function costOf(call: InvoicedCall & { readonly outputTokens: number }): number | undefined {
  const line = new InvoiceLine(call);
  line.outputTokens = call.outputTokens;
  return line.costUsd;
}

/** Sums over invoice lines. */
export interface InvoiceTotals {
  /** Calls that began generation. */
  readonly calls: number;
  /** Those whose answer was not generated to its end. */
  readonly incompleteCalls: number;
  /** All input tokens. */
  readonly inputTokens: number;
  /** Part of `inputTokens`. */
  readonly cachedInputTokens: number;
  /** Part of `inputTokens`. */
  readonly cacheWriteTokens: number;
  /** All output tokens. */
  readonly outputTokens: number;
  /** Part of `outputTokens`. */
  readonly reasoningTokens: number;
  /** Hosted web searches. */
  readonly webSearches: number;
  /** `undefined` when a line has no price, or when lines are not recorded. */
  readonly costUsd: number | undefined;
}

const SUMMED = [
  'inputTokens',
  'cachedInputTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'webSearches',
] as const;

/** Sums lines without keeping them. */
export class InvoiceSum {
  readonly #sum = { calls: 0, incompleteCalls: 0, ...zeros() };

  add(line: InvoiceLine): void {
    this.#sum.calls += 1;
    this.#sum.incompleteCalls += line.complete ? 0 : 1;
    for (const key of SUMMED) this.#sum[key] += line[key];
  }

  totals(costUsd: number | undefined): InvoiceTotals {
    return { ...this.#sum, costUsd };
  }
}

function zeros(): Record<(typeof SUMMED)[number], number> {
  return {
    inputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    webSearches: 0,
  };
}

export function totalOf(lines: readonly InvoiceLine[]): InvoiceTotals {
  const sum = new InvoiceSum();
  let costUsd: number | undefined = 0;
  for (const line of lines) {
    sum.add(line);
    costUsd = sumOrUndefined(costUsd, line.costUsd);
  }
  return sum.totals(costUsd);
}

function sumOrUndefined(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

export function totalsBy(
  lines: readonly InvoiceLine[],
  key: (line: InvoiceLine) => string,
): Record<string, InvoiceTotals> {
  const groups = new Map<string, InvoiceLine[]>();
  for (const line of lines) {
    const group = groups.get(key(line));
    if (group) group.push(line);
    else groups.set(key(line), [line]);
  }
  return Object.fromEntries([...groups].map(([name, group]) => [name, totalOf(group)]));
}
