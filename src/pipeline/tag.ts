import { LRUCache } from 'lru-cache';
import { isPromiseLike } from '../base/deadline.ts';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { User } from '../core/user.ts';
import type { EndUserIds } from '../users/end-user-ids.ts';
import type { Admitted, Tagged } from './states.ts';

/**
 * Returns the end-user id by which OpenAI knows a user: stable, at most 64 characters, and not traceable
 * to the user without the guard's secret. OpenAI treats users with the same id as one user, and what it
 * decides about that id applies to all of them.
 */
export type EndUserIdOf = (user: User) => string;

const CACHED_USERS_MAX = 20_000;
/** The shorter of OpenAI's two stated limits (its OpenAPI file of 2026-08 says 64, the SDK 128). */
const END_USER_ID_LENGTH_MAX = 64;

/**
 * The default end-user id: HMAC-SHA-256 of the user's id under a key of this guard alone, 43 characters.
 * The ids of recent users are cached, which saves an HMAC for each call.
 */
export function defaultEndUserId(keys: DerivedKeys): EndUserIdOf {
  const cache = new LRUCache<string, string>({ max: CACHED_USERS_MAX });
  return ({ id }) => {
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    const endUserId = hmac(keys.endUserId, id).toString('base64url');
    cache.set(id, endUserId);
    return endUserId;
  };
}

export interface TagParts {
  readonly endUserIdOf: EndUserIdOf;
  readonly endUserIds: Pick<EndUserIds, 'remember'>;
  readonly derivedKeys: DerivedKeys;
}

/**
 * Step 4: sets the end-user id. Overwrites every field in which a client could name another user, on
 * every endpoint.
 */
export function tag(admitted: Admitted, parts: TagParts): Tagged {
  const { built, endpoint, identity } = admitted;
  const { user } = identity;
  const endUserId = checked(parts.endUserIdOf(user));
  const { body, clientTags } = built;
  const { endUserId: place } = endpoint;
  if (place !== undefined) parts.endUserIds.remember(endUserId, user.id);
  if (place?.field !== undefined) body[place.field] = endUserId;
  const cacheKey = clientTags.promptCacheKey;
  if (cacheKey !== undefined) {
    // Two users who choose the same key must not share, or time, each other's cached prompts.
    const namespaced = hmac(parts.derivedKeys.endUserId, `cache:${user.id}\n${cacheKey}`);
    body['prompt_cache_key'] = namespaced.toString('base64url');
  }
  const endUserIdHeaders = place?.header === undefined ? undefined : { [place.header]: endUserId };
  return { ...admitted, endUserId, endUserIdHeaders };
}

function checked(endUserId: unknown): string {
  // A promise is not awaited here; unhandled, its rejection would end the process.
  if (isPromiseLike(endUserId)) Promise.resolve(endUserId).catch(() => {});
  if (
    typeof endUserId === 'string' &&
    endUserId.length > 0 &&
    endUserId.length <= END_USER_ID_LENGTH_MAX
  ) {
    return endUserId;
  }
  throw new TypeError(
    `"endUserId" must return a string of 1 to ${END_USER_ID_LENGTH_MAX} characters.`,
  );
}
