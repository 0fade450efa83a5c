import { mayEncryptReasoning } from '../../openai/request/encrypted-reasoning.ts';
import type { Dialect } from './dialect.ts';

/**
 * Returns whether a host takes `include: ["reasoning.encrypted_content"]` for a model: it takes the field, and
 * the model has a name of an OpenAI model that reasons. A deployment of another name is not asked.
 */
export function encryptsReasoning(
  { endpoints }: Dialect,
  { name }: { readonly name: string },
  model: string,
): boolean {
  const host = endpoints.get(name);
  const takesIt = host !== undefined && (host.own === undefined || host.own.fields.has('include'));
  return takesIt && mayEncryptReasoning(model);
}
