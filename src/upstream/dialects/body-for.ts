import type { Dialect, OwnFields } from './dialect.ts';
import { capNames, endUserNames } from './own-names.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Returns the body as this host takes it: the output cap and the end-user id by its names, without what it
 * does not know, and with `model`. `body` is what was built and tagged for OpenAI, and must have passed
 * `takes`. The same object where nothing changes, as for OpenAI. Throws when the cap is missing: without it
 * the host would write as much as it likes.
 */
export function bodyFor(
  dialect: Dialect,
  { name }: { readonly name: string },
  body: Record<string, unknown>,
  model: string,
): Record<string, unknown> {
  const own = dialect.endpoints.get(name)?.own;
  if (own === undefined) {
    // A request that names its model elsewhere has none here.
    const isSame = body['model'] === model || body['model'] === undefined;
    return isSame ? body : { ...body, model };
  }
  const sent: Record<string, unknown> = { model };
  for (const field of Object.keys(body)) {
    const value = body[field];
    if (value === null || value === undefined || field === 'model') continue;
    const to = nameAt(own, field);
    if (to !== undefined) sent[to] = value;
  }
  setOptions(sent, own, body);
  if (own.cap !== undefined && sent[own.cap] === undefined) {
    throw new Error(`The request to ${dialect.title} has no output cap.`);
  }
  return sent;
}

/** `undefined`: the field is left out, or set by `setOptions`. */
function nameAt(own: OwnFields, field: string): string | undefined {
  if (capNames.has(field)) return own.cap;
  if (endUserNames.has(field)) return own.endUser;
  if (field === 'prompt_cache_key') return own.promptCacheKey ? field : undefined;
  return own.fields.has(field) ? (own.renamed?.[field] ?? field) : undefined;
}

/** What the guard sets for OpenAI, in the words of the host. */
function setOptions(sent: Record<string, unknown>, own: OwnFields, body: Body): void {
  const tier = own.tiers?.[String(body['service_tier'])];
  if (tier !== undefined) sent['service_tier'] = tier;
  if (own.store && body['store'] !== undefined) sent['store'] = body['store'];
  if (own.streamOptions && body['stream_options'] !== undefined) {
    sent['stream_options'] = { include_usage: true };
  }
}
