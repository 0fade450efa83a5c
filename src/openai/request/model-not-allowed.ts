import { type Denial, deny } from '../../core/denial.ts';

/** How many models a message names. */
const NAMED_MAX = 3;

/** The models of a plan that may be called. */
interface CallableModels {
  /** Written exactly in the plan. */
  readonly names: readonly string[];
  /** Patterns of the plan allow others. */
  readonly hasPatterns: boolean;
}

/** The same for a model that is not allowed and for one that does not exist. */
export function modelNotAllowed(asked: string, { names, hasPatterns }: CallableModels): Denial {
  const message = `Your plan does not include the model "${asked}".`;
  const named = names.slice(0, NAMED_MAX).map((name) => `"${name}"`);
  const hasMore = hasPatterns || named.length < names.length;
  const list = 'GET /models lists the models that it includes.';
  const hint =
    named.length === 0
      ? list
      : `It includes ${named.join(', ')}${hasMore ? ' and others, which GET /models lists' : ''}.`;
  return deny('model_not_allowed', `${message} ${hint}`, { param: 'model' });
}
