import { errorReply } from './error-replies.ts';
import type { Reply } from './script.ts';

export const DEFAULT_MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'gpt-3.5-turbo-instruct',
  'text-embedding-3-small',
  'omni-moderation-latest',
];

/** The response to GET /models. */
export function listModels(models: readonly string[]): Reply {
  return { body: { object: 'list', data: models.map(modelObject) } };
}

/** The response to GET /models/{id}. */
export function retrieveModel(models: readonly string[], id: string): Reply {
  return models.includes(id) ? { body: modelObject(id) } : modelNotFound(id);
}

export function modelNotFound(id: string): Reply {
  const message = `The model \`${id}\` does not exist or you do not have access to it.`;
  return errorReply(404, 'invalid_request_error', 'model_not_found', message);
}

function modelObject(id: string): object {
  return { id, object: 'model', created: 1_700_000_000, owned_by: 'system' };
}
