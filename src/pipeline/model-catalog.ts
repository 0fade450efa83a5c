import { after, type Soon } from '../base/deadline.ts';
import type { AllowedModels } from '../openai/endpoints/descriptor.ts';
import type { PriceList } from '../openai/prices/prices.ts';
import { modelNotAllowed } from '../openai/request/model-not-allowed.ts';
import type { Identity, Plan } from '../plans/plan.ts';
import type { HostModels, KnownModel, KnownModels } from '../upstream/host-models.ts';
import type { Upstreams } from '../upstream/upstreams.ts';
import { callableModels } from './callable-models.ts';

interface CatalogParts {
  readonly upstreams: Pick<Upstreams, 'all' | 'aliases' | 'serves'>;
  readonly prices: Pick<PriceList, 'current' | 'ownModels'>;
  /** One for each upstream that lists its own models. */
  readonly hosts: readonly HostModels[];
}

/**
 * The models that a user may call, as far as they are known: those that the plan names, and what its
 * patterns mean. OpenAI's are those of the price list, and other hosts list their own.
 */
export class ModelCatalog {
  readonly #parts: CatalogParts;

  constructor(parts: CatalogParts) {
    this.#parts = parts;
  }

  modelsOf(plan: Plan, identity: Identity): Soon<AllowedModels> {
    const callable = callableModels(plan, identity, this.#parts.upstreams);
    const { names, hasPatterns, allows } = callable;
    const denialFor = (asked: string) => modelNotAllowed(asked, callable);
    if (!hasPatterns) return { known: listOf(names), allows, denialFor };
    return after(this.#known(identity, plan), (known) => ({
      known: new Map([...listOf(names), ...[...known].filter(([name]) => allows(name))]),
      allows,
      denialFor,
    }));
  }

  #known({ user }: Identity, { name: plan }: Plan): Soon<KnownModels> {
    const { upstreams, prices, hosts } = this.#parts;
    const names = listOf([...upstreams.aliases, ...prices.ownModels, ...this.#priced()]);
    if (hosts.length === 0) return names;
    const asked = Promise.all(hosts.map((host) => host.current(user, plan)));
    return asked.then((lists) => new Map([...names, ...lists.flatMap((list) => [...list])]));
  }

  #priced(): readonly string[] {
    const { upstreams, prices } = this.#parts;
    const sellers = upstreams.all.filter(({ listedBy }) => listedBy === 'prices');
    if (sellers.length === 0) return [];
    const sold = prices.current().currentModels();
    return sold.filter((model) => sellers.some((seller) => seller.serves(model)));
  }
}

const UNKNOWN: KnownModel = {};

const listOf = (names: readonly string[]): KnownModels =>
  new Map(names.map((name) => [name, UNKNOWN]));
