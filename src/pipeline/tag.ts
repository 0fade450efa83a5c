import { LRUCache } from 'lru-cache';
import { isPromiseLike } from '../base/deadline.ts';
import { type DerivedKeys, hmac } from '../base/derived-keys.ts';
import type { User } from '../core/user.ts';
import { writeJson } from '../openai/request/write-json.ts';
import type { Admitted, Tagged } from './states.ts';

/**
 * Names a user towards OpenAI: stable, at most 64 characters, and not to be turned back into the
 * user by anybody without the guard's secret. Users with one tag are one to OpenAI, and to whatever it
 * says about that tag.
 */
export type EndUserIdOf = (user: User) => string;

const CACHED_USERS_MAX = 20_000;
/** The shorter of OpenAI's two stated limits (its OpenAPI file of 2026-08 says 64, the SDK 128). */
const TAG_LENGTH_MAX = 64;

/** The default end-user id: HMAC-SHA-256 of the user's id under a key of this guard alone, 43 characters. */
export function defaultEndUserId(keys: DerivedKeys): EndUserIdOf {
  const cache = new LRUCache<string, string>({ max: CACHED_USERS_MAX });
  return ({ id }) => {
    const cached = cache.get(id);
    if (cached !== undefined) return cached;
    const tag = hmac(keys.endUserId, id).toString('base64url');
    cache.set(id, tag);
    return tag;
  };
}

/**
 * Overwrites every field by which a client could speak for somebody else, on every endpoint.
 * `remember` notes whom the tag names, and returns at once.
 */
export function createTag(
  endUserIdOf: EndUserIdOf,
  keys: DerivedKeys,
  remember: (endUserId: string, userId: string) => void,
): (admitted: Admitted) => Tagged {
  return (admitted) => {
    const { built, endpoint, identity } = admitted;
    const tag = endUserIdOf(identity.user);
    // Nobody waits for a promise here: its rejection would end the process.
    if (isPromiseLike(tag)) Promise.resolve(tag).catch(() => {});
    if (typeof tag !== 'string' || tag.length === 0 || tag.length > TAG_LENGTH_MAX) {
      throw new TypeError(`"endUserId" must return a string of 1 to ${TAG_LENGTH_MAX} characters.`);
    }
    const { body, clientTags } = built;
    const { endUserId: place } = endpoint;
    if (place !== undefined) remember(tag, identity.user.id);
    if (place?.field !== undefined) body[place.field] = tag;
    const cacheKey = clientTags.promptCacheKey;
    if (cacheKey !== undefined) {
      // Two users who choose the same key must not share, or time, each other's cached prompts.
      const namespaced = hmac(keys.endUserId, `cache:${identity.user.id}\n${cacheKey}`);
      body['prompt_cache_key'] = namespaced.toString('base64url');
    }
    const payload = writeJson(body, built.original);
    const tagHeaders = place?.header === undefined ? undefined : { [place.header]: tag };
    return { ...admitted, endUserId: tag, payload, endUserIdHeaders: tagHeaders };
  };
}
