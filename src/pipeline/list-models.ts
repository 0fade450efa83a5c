import { type Denial, deny } from '../core/denial.ts';
import type { Plan } from '../plans/plan.ts';
import type { Scope } from '../plans/scope.ts';
import type { Answered } from './states.ts';

/** Answers `GET /models`, or of one `model`, from the plan, so that nobody learns what else the account has. */
export function answerFromCatalogue(
  model: string | undefined,
  plan: Plan,
  scope: Scope | undefined,
): Answered | Denial {
  const allowed = (name: string) =>
    plan.models.allows(name) && scope?.models?.allows(name) !== false;
  if (model === undefined) {
    const names = new Set([...(scope?.models?.names ?? []), ...plan.models.names]);
    return answered({ object: 'list', data: [...names].filter(allowed).map(modelObject) });
  }
  if (allowed(model)) return answered(modelObject(model));
  // Same words for "not allowed" and "does not exist": the difference is nobody's business.
  return deny('model_not_allowed', `Your plan does not include the model "${model}".`, {
    param: 'model',
  });
}

const modelObject = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'openai' });

function answered(value: unknown): Answered {
  return {
    answer: {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    },
  };
}
