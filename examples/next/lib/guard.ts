import { createGuardedCompletion, type Guard } from 'guarded-completion';

/** One guard per process: Next loads a module once for each route, and again at each change. */
const kept = globalThis as { guard?: Guard };

kept.guard ??= createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
  plans: {
    free: {
      models: ['gpt-5-mini'],
      maxOutputTokens: 1_000,
      limits: [{ requests: 20, per: '24h' }, { usd: 0.05, per: 'day' }, { concurrent: 2 }],
    },
  },
});

export const guard = kept.guard;
