import { nearestTo } from '../base/nearest.ts';
import { listedModels } from '../openai/prices/price-list.ts';
import type { PriceTable } from '../openai/prices/prices.ts';
import type { Settings } from '../options/guard-options.ts';

const OPENAI_HOST = /(?:^|\.)api\.openai\.com$/;

/** Returns a sentence for each model of a plan that seems to be misspelt. Other hosts have names of their own. */
export function* unknownModels(
  { plans, upstreams, modelAliases }: Pick<Settings, 'plans' | 'upstreams' | 'modelAliases'>,
  prices: PriceTable,
): Generator<[name: string, string]> {
  const all = [...upstreams.values()];
  if (!all.every(({ baseURL }) => OPENAI_HOST.test(new URL(baseURL).hostname))) return;
  const known = listedModels('openai').map(({ id }) => id);
  for (const plan of plans.values()) {
    for (const model of plan.models.names) {
      if (modelAliases.has(model) || prices.find(model) !== undefined) continue;
      const nearest = nearestTo(model, known);
      if (nearest === undefined || nearest === model) continue;
      const sentence = `Plan "${plan.name}": the model "${model}" is not in the list of this version. Did you mean "${nearest}"? A model that is newer than this version is served all the same.`;
      yield [`${plan.name} ${model}`, sentence];
    }
  }
}
