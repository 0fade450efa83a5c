import { amountIn, amounts, shownAmount, type Unit, unitName } from '../ledger/amounts.ts';
import { writingEndpoints } from '../openai/endpoints/descriptors.ts';
import type { PriceTable } from '../openai/prices/prices.ts';
import { type RateCard, writes } from '../openai/prices/rate-card.ts';
import { tokenBound } from '../openai/prices/upper-bound.ts';
import type { Limit } from '../plans/limit.ts';
import type { Plan } from '../plans/plan.ts';

/** A call of this many bytes is held as this many input tokens. */
const TYPICAL_BYTES = 8_000;
/** A limit below this many of its holds refuses calls long before it is used up. */
const HOLDS_MIN = 5;
const SIZED: ReadonlySet<Unit> = new Set(['tokens', 'inputTokens', 'outputTokens', 'nanoUsd']);

/** Returns a sentence for each limit of a plan that is small for its calls, by the limit's name. */
export function* smallLimits(plan: Plan, prices: PriceTable): Generator<[name: string, string]> {
  const models = plan.models.names.flatMap((model) => {
    const card = prices.find(model);
    return card === undefined ? [] : [{ model, card, most: typicalHold(plan, card) }];
  });
  for (const limit of plan.limits) {
    const { unit } = limit;
    if (!SIZED.has(unit) || limit.amount === 0 || !limit.enforced) continue;
    const counted = models.filter(({ model, card }) => mayCount(limit, model, card));
    const [dearest] = counted.toSorted((a, b) => amountIn(b.most, unit) - amountIn(a.most, unit));
    if (dearest === undefined) continue;
    const held = amountIn(dearest.most, unit);
    if ((limit.burst ?? limit.amount) >= HOLDS_MIN * held) continue;
    yield [limit.name, sentence(plan, limit, dearest.model, held)];
  }
}

/** A model that writes nothing is called at endpoints whose answers no model writes. */
function mayCount({ filter }: Limit, model: string, card: RateCard): boolean {
  if (filter?.models?.allows(model) === false) return false;
  if (filter?.endpoints === undefined) return true;
  return [...filter.endpoints].some((endpoint) => writingEndpoints.has(endpoint) === writes(card));
}

function typicalHold(plan: Plan, card: RateCard) {
  const outputCapTokens = writes(card) ? plan.policy.maxOutputTokens : 0;
  const parts = { outputCapTokens, serviceTier: 'default', audio: false, hostedFeesNanoUsd: 0 };
  return amounts(tokenBound.most(parts, card, TYPICAL_BYTES));
}

function sentence(plan: Plan, limit: Limit, model: string, held: number): string {
  const { unit } = limit;
  const shown = (amount: number) => `${shownAmount(unit, amount)} ${unitName(unit)}`;
  const allowed = shown(limit.burst ?? limit.amount);
  const field = limit.burst === undefined ? 'the limit' : '"burst"';
  const { maxOutputTokens } = plan.policy;
  const orLower = unit === 'inputTokens' ? '' : `, or lower "maxOutputTokens" (${maxOutputTokens})`;
  return (
    `Plan "${plan.name}": its limit "${limit.name}" allows ${allowed}, and one call of ` +
    `${TYPICAL_BYTES} bytes to ${model} holds up to ${shown(held)} until its usage is known. ` +
    `Raise ${field} to ${shown(HOLDS_MIN * held)} or more${orLower}.`
  );
}
