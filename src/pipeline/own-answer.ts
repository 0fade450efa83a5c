import { type Denial, isDenial } from '../core/denial.ts';
import type { OwnDescriptor, PathParams } from '../openai/endpoints/descriptor.ts';
import type { Plan, Scope } from '../plans/plan.ts';
import type { Answered } from './states.ts';

/** Returns the answer to a call from the plan, narrowed by the scope of its credential. */
export function ownAnswer(
  endpoint: OwnDescriptor,
  params: PathParams,
  plan: Plan,
  scope: Scope | undefined,
): Answered | Denial {
  const models = {
    names: new Set([...(scope?.models?.names ?? []), ...plan.models.names]),
    allows: (name: string) => plan.models.allows(name) && scope?.models?.allows(name) !== false,
  };
  const answer = endpoint.answer(models, params);
  return isDenial(answer) ? answer : { response: jsonResponse(answer) };
}

const jsonResponse = (value: unknown) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
