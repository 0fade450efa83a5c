import { type RateLimiterAbstract, RateLimiterUnion } from 'rate-limiter-flexible';
import { type Call, UNLIMITED, userOf } from './cycle.ts';

const SECONDS = [60, 3_600, 86_400, 604_800, 1_209_600];

/** Five limiters of rate-limiter-flexible as one, as an app would use to count five limits. */
export function unionOfFive(
  limiter: (settings: {
    keyPrefix: string;
    points: number;
    duration: number;
  }) => RateLimiterAbstract,
): Call {
  const limiters = SECONDS.map((duration) =>
    limiter({ keyPrefix: `w${duration}`, points: UNLIMITED, duration }),
  );
  const union = new RateLimiterUnion(...limiters);
  return (index) => union.consume(`user:${userOf(index)}`);
}
