import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Events } from '../core/events.ts';
import type { ModelPrices } from '../openai/prices/model-price.ts';
import { isLeap, priceChanges } from '../openai/prices/price-changes.ts';
import { ownPrices, type PriceList, type PriceTable } from '../openai/prices/prices.ts';
import { lostPrice, type MoneyCounting, unpricedTier } from '../options/plan-prices.ts';

const setPricesShape = {
  /** Models whose prices may rise or fall more than four times.
   * @default [] */
  confirm: z.array(z.string()).readonly().default([]),
};

/** Options of `guard.setPrices`. */
export interface SetPricesOptions
  extends RequiredOptions<typeof setPricesShape>,
    OptionalOptions<typeof setPricesShape> {}

const schema: z.ZodType<Required<SetPricesOptions>, SetPricesOptions> = optionsSchema(
  setPricesShape,
);

interface SetPricesParts {
  readonly prices: PriceList;
  readonly settings: MoneyCounting;
  readonly events: Events;
}

/** Returns `guard.setPrices`. Nothing has changed when it throws. */
export function setPrices({ prices, settings, events }: SetPricesParts) {
  return (given: ModelPrices, options: SetPricesOptions = {}): void => {
    const { confirm } = parseOrThrow(schema, options, 'options');
    const own = ownPrices(given);
    const [before, after] = [prices.current(), prices.with(own)];
    requirePlanPrices(settings, before, after);
    const named = [...settings.plans.values()].flatMap(({ models }) => models.names);
    const changes = priceChanges(before, after, [...prices.ownModels, ...own.keys(), ...named]);
    const leap = changes.find((change) => isLeap(change) && !confirm.includes(change.model));
    if (leap !== undefined) {
      const { model, rate, usdBefore, usdAfter } = leap;
      throw new TypeError(
        `"prices.${model}": changes ${rate} from ${usdBefore} to ${usdAfter}; add "${model}" to "confirm" if it is right`,
      );
    }
    prices.replace(own);
    events.emit('prices', { changes });
  };
}

function requirePlanPrices(settings: MoneyCounting, before: PriceTable, after: PriceTable): void {
  const lost = lostPrice(settings, before, after);
  if (lost !== undefined) {
    throw new TypeError(
      `"prices": the model "${lost.model}" would have no price, and the plan "${lost.plan}" counts money`,
    );
  }
  const unpriced = unpricedTier(settings, after);
  if (unpriced !== undefined) {
    const { plan, tier, model } = unpriced;
    throw new TypeError(
      `"prices.${model}.tiers": must have "${tier}", which the plan "${plan}" allows`,
    );
  }
}
