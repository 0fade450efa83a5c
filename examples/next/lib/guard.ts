import { createGuardedCompletion, type Guard } from 'guarded-completion';

/** One guard per process: Next loads a module once for each route, and again at each change. */
const kept = globalThis as { guard?: Guard };

/** Made at the first call, because `next build` loads the routes without the secrets. */
export const guard = (): Guard => (kept.guard ??= makeGuard());

/** Running calls finish first. New calls are denied and can be retried. */
export const closeGuard = async (): Promise<void> => kept.guard?.close();

const makeGuard = () =>
  createGuardedCompletion({
    apiKey: process.env.OPENAI_API_KEY,
    secret: process.env.GUARD_SECRET,
    baseURL: process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1',
    plans: {
      free: {
        models: ['gpt-5-mini'],
        maxOutputTokens: 1_000,
        limits: [{ requests: 20, per: '24h' }, { usd: 0.05, per: 'day' }, { concurrent: 2 }],
      },
    },
  });
