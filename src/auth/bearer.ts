import { hash, timingSafeEqual } from 'node:crypto';
import { parseUser, type User, type UserId, type UserSpec } from '../core/user.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';

const KEY_LENGTH_MIN = 16;

/**
 * Accepts a fixed set of keys, each for one user, for backends and scripts that you run yourself. The
 * time of the comparison reveals nothing about the keys. `TypeError` for a key below 16 characters.
 *
 * @example
 * ```ts
 * const auth = bearer({ [process.env.CRON_KEY ?? 'at-least-16-characters']: 'cron' });
 * ```
 */
export function bearer(keysToUsers: Readonly<Record<string, UserId | UserSpec>>): Authenticator {
  const entries = Object.entries(keysToUsers).map(([key, user]) => {
    if (key.length < KEY_LENGTH_MIN) {
      throw new TypeError(`"bearer": a key must have at least ${KEY_LENGTH_MIN} characters`);
    }
    return { digest: digest(key), user: parseUser(user) };
  });
  return {
    authenticate(request) {
      const credential = bearerCredential(request);
      if (credential === undefined) return undefined;
      const presented = digest(credential);
      let found: User | undefined;
      // Every entry is compared, so that the time is always the same.
      for (const entry of entries) if (timingSafeEqual(entry.digest, presented)) found = entry.user;
      return found === undefined ? undefined : { user: found };
    },
  };
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
