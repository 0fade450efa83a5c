import { after, type Soon } from '../base/deadline.ts';
import { type Denial, isDenial } from '../core/denial.ts';
import type { OwnDescriptor, PathParams } from '../openai/endpoints/descriptor.ts';
import type { Identity, Plan } from '../plans/plan.ts';
import type { ModelCatalog } from './model-catalog.ts';
import type { Answered } from './states.ts';

/** Returns the answer to a call from the plan, narrowed by the scope of its credential. */
export function ownAnswer(
  endpoint: OwnDescriptor,
  params: PathParams,
  catalog: Pick<ModelCatalog, 'modelsOf'>,
  { plan, identity }: { readonly plan: Plan; readonly identity: Identity },
): Soon<Answered | Denial> {
  return after(catalog.modelsOf(plan, identity), (models) => {
    const answer = endpoint.answer(models, params);
    return isDenial(answer) ? answer : { response: jsonResponse(answer) };
  });
}

const jsonResponse = (value: unknown) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
