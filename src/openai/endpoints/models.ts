import { deny } from '../../core/denial.ts';
import type { OwnDescriptor } from './descriptor.ts';

const modelObject = (id: string) => ({ id, object: 'model', created: 0, owned_by: 'openai' });

/** The models of the plan, so a user never learns what else the account has. */
export const modelsList: OwnDescriptor = {
  name: 'models.list',
  method: 'GET',
  path: '/models',
  // OpenAI's list has one page too.
  ignoredQuery: ['limit', 'after', 'order'],
  answer: ({ names, allows }) => ({
    object: 'list',
    data: [...names].filter(allows).map(modelObject),
  }),
};

/** A model that is not allowed and one that does not exist have the same answer. */
export const modelsRetrieve: OwnDescriptor = {
  name: 'models.retrieve',
  method: 'GET',
  path: '/models/{model}',
  answer: ({ allows }, { model = '' }) =>
    allows(model)
      ? modelObject(model)
      : deny('model_not_allowed', `Your plan does not include the model "${model}".`, {
          param: 'model',
        }),
};
