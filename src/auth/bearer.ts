import { hash, timingSafeEqual } from 'node:crypto';
import { parseUser, type User } from '../core/user.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerCredential } from './bearer-credential.ts';

const KEY_LENGTH_MIN = 16;

/**
 * Accepts a fixed set of keys, each for one user: backends and scripts that you run yourself. The
 * time it takes tells nothing about the keys. `TypeError` for a key below 16 characters.
 */
export function bearer(keysToUsers: Readonly<Record<string, string | User>>): Authenticator {
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
      // Every entry is compared, found or not, so that the time is the same for each.
      for (const entry of entries) if (timingSafeEqual(entry.digest, presented)) found = entry.user;
      return found === undefined ? undefined : { user: found };
    },
  };
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
