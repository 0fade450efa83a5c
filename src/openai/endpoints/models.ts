import type { AllowedModels, OwnDescriptor } from './descriptor.ts';

const modelObject = (id: string, { known }: AllowedModels) => {
  const { createdAt = 0, owner = 'openai' } = known.get(id) ?? {};
  return { id, object: 'model', created: createdAt, owned_by: owner };
};

/** The models of the plan, so a user never learns what else the account has. */
export const modelsList: OwnDescriptor = {
  name: 'models.list',
  method: 'GET',
  path: '/models',
  // OpenAI's list has one page too.
  ignoredQuery: ['limit', 'after', 'order'],
  answer: (models) => ({
    object: 'list',
    data: [...models.known.keys()].map((id) => modelObject(id, models)),
  }),
};

/** A model that is not allowed and one that does not exist have the same answer. */
export const modelsRetrieve: OwnDescriptor = {
  name: 'models.retrieve',
  method: 'GET',
  path: '/models/{model}',
  answer: (models, { model = '' }) =>
    models.allows(model) ? modelObject(model, models) : models.denialFor(model),
};
