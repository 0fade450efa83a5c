import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../../base/clock.ts';
import { libraryPrice, OPENAI } from './library-prices.ts';
import { priceKeys } from './model-names.ts';
import { type ModelPrices, type ParsedPrices, parsePrices } from './model-price.ts';
import { dearerPrice, dearestPrice, likePrice, type Price, priceOf } from './price.ts';
import { promotions, publishedPrices } from './published-prices.ts';
import { type RateCard, rateCard } from './rate-card.ts';

const PROMOTIONS = parsePrices(promotions);
const PUBLISHED = parsePrices(publishedPrices);
const BUILT_IN: readonly ParsedPrices[] = [PROMOTIONS, PUBLISHED];

const NONE_BUILT_IN: readonly ParsedPrices[] = [];
/** Azure's list prices are OpenAI's (its price page, 2026-11); a region may cost more. */
const AZURE = 'azure';

/** Models whose price is in the library only (OpenAI's guide "Models", 2026-11). */
const UNLISTED_MODELS = ['text-embedding-3-large', 'text-embedding-3-small'];
const FREE_MODELS = ['omni-moderation-latest'];
/** `ft:gpt-4.1` has the price of all models that were made of one, and is no name of a model. */
const isModel = (name: string): boolean => !/^ft:[^:]*$/.test(name);

const CACHED_MODELS_MAX = 1_000;
const DAY_MS = 86_400_000;

/** A model of a host. */
export interface Offer {
  readonly model: string;
  /** As `findAt` takes it. */
  readonly provider: string | undefined;
}

interface CachedCard {
  readonly card: RateCard | undefined;
}

/** Is called with the price of a model that has ended, at most once for each table. */
export type OnEnded = (model: string, until: string) => void;

/**
 * The prices of one day: those of the operator first, then those that the guard brings with it, then
 * `@pydantic/genai-prices`. It never changes, so a call can be settled by the prices that it was held with.
 */
export class PriceTable {
  readonly #own: ParsedPrices;
  readonly #date: Date;
  readonly #day: string;
  readonly #onEnded: OnEnded;
  readonly #cards = new LRUCache<string, CachedCard>({ max: CACHED_MODELS_MAX });
  readonly #dearest = new WeakMap<readonly Offer[], CachedCard>();

  constructor(own: ParsedPrices, date: Date, onEnded: OnEnded = () => {}) {
    this.#own = own;
    this.#date = date;
    this.#day = date.toISOString().slice(0, 10);
    this.#onEnded = onEnded;
  }

  /** The price at OpenAI. `undefined`: no price by tokens is known. That does not mean that it is free. */
  find(model: string): RateCard | undefined {
    return this.findAt(model, OPENAI);
  }

  /**
   * The price at a host. `provider`: its name in `@pydantic/genai-prices`, from its dialect; `undefined` for
   * one that has no list, where only the operator's prices count.
   */
  findAt(model: string, provider: string | undefined): RateCard | undefined {
    const key = provider === OPENAI ? model : `${provider ?? ''}\n${model}`;
    const cached = this.#cards.get(key);
    if (cached !== undefined) return cached.card;
    const price = this.#priceAt(model, provider);
    const card = price && rateCard(price);
    this.#cards.set(key, { card });
    return card;
  }

  /** OpenAI's models that are sold now, those of the operator's prices included. */
  currentModels(): readonly string[] {
    const listed = [...PUBLISHED.keys(), ...this.#own.keys()].filter(isModel);
    const others = UNLISTED_MODELS.filter((model) => this.find(model) !== undefined);
    return [...listed, ...others, ...FREE_MODELS];
  }

  /** The dearest of several offers in every rate. `undefined` if one of them has no price. */
  dearest(offers: readonly Offer[]): RateCard | undefined {
    const cached = this.#dearest.get(offers);
    if (cached !== undefined) return cached.card;
    const prices = offers.map(({ model, provider }) => this.#priceAt(model, provider));
    const known = prices.filter((price) => price !== undefined);
    const [first, ...others] = known;
    const isKnown = first !== undefined && known.length === prices.length;
    const card = isKnown ? rateCard(others.reduce(dearestPrice, first)) : undefined;
    this.#dearest.set(offers, { card });
    return card;
  }

  #priceAt(model: string, provider: string | undefined): Price | undefined {
    const builtIn = provider === OPENAI || provider === AZURE ? BUILT_IN : NONE_BUILT_IN;
    return this.#priceIn([this.#own, ...builtIn], model, provider);
  }

  /** The price in the first table that has one; the last is the library. */
  #priceIn(
    [table, ...below]: readonly ParsedPrices[],
    model: string,
    provider: string | undefined,
  ): Price | undefined {
    if (table === undefined) {
      return provider === undefined ? undefined : libraryPrice(model, this.#date, provider);
    }
    const key = priceKeys(model).find((name) => table.has(name));
    const entry = key === undefined ? undefined : table.get(key);
    if (entry === undefined) return this.#priceIn(below, model, provider);
    if ('like' in entry) {
      const tables = entry.like === key ? below : [table, ...below];
      // A deployment is mostly like a model of OpenAI's, at any host.
      const price =
        this.#priceIn(tables, entry.like, provider) ?? this.#priceIn(BUILT_IN, entry.like, OPENAI);
      return price && likePrice(price, entry.factor);
    }
    if (entry.from !== undefined && entry.from > this.#day) {
      return this.#priceIn(below, model, provider);
    }
    if (entry.until === undefined || entry.until >= this.#day) return priceOf(entry);
    this.#onEnded(model, entry.until);
    const next = this.#priceIn(below, model, provider);
    return next === undefined ? priceOf(entry) : dearerPrice(priceOf(entry), next);
  }
}

/** The prices that new calls are held with. */
export class PriceList {
  readonly #clock: Clock;
  readonly #onEnded: OnEnded | undefined;
  #own: ParsedPrices;
  #day = Number.NaN;
  #table: PriceTable;

  constructor(own: ParsedPrices, clock: Clock = systemClock, onEnded?: OnEnded) {
    this.#own = own;
    this.#clock = clock;
    this.#onEnded = onEnded;
    this.#table = this.#tableOfToday();
  }

  /** Prices change by date, so each day has its own table. */
  current(): PriceTable {
    return dayOf(this.#clock) === this.#day ? this.#table : this.#tableOfToday();
  }

  /** The models that the operator's prices name. */
  get ownModels(): Iterable<string> {
    return this.#own.keys();
  }

  /** The table of today with other prices of the operator. */
  with(own: ParsedPrices): PriceTable {
    return new PriceTable(own, new Date(this.#clock.nowMs()));
  }

  /** Replaces the operator's prices. Calls in flight keep the table that they were held with. */
  replace(own: ParsedPrices): void {
    this.#own = own;
    this.#tableOfToday();
  }

  #tableOfToday(): PriceTable {
    this.#day = dayOf(this.#clock);
    this.#table = new PriceTable(this.#own, new Date(this.#clock.nowMs()), this.#onEnded);
    return this.#table;
  }
}

const dayOf = (clock: Clock): number => Math.floor(clock.nowMs() / DAY_MS);

/** Checks prices as an operator writes them, once. `TypeError` names what is wrong. */
export function ownPrices(given: ModelPrices, path = 'prices'): ParsedPrices {
  const own = parsePrices(given, path);
  const table = new PriceTable(own, new Date());
  for (const [model, entry] of own) {
    if (!('like' in entry)) continue;
    if (isCircle(own, model)) throw new TypeError(`"${path}.${model}.like": is a circle`);
    if (table.find(model) === undefined) {
      throw new TypeError(`"${path}.${model}.like": "${entry.like}" has no price`);
    }
  }
  return own;
}

/** Whether following `like` from this entry comes back to where it was. A name that is like itself means
 * the built-in price. */
function isCircle(own: ParsedPrices, model: string): boolean {
  const seen = new Set<string>();
  let at = model;
  for (;;) {
    const entry = own.get(at);
    if (entry === undefined || !('like' in entry) || entry.like === at) return false;
    if (seen.has(at)) return true;
    seen.add(at);
    at = priceKeys(entry.like).find((name) => own.has(name)) ?? entry.like;
  }
}
