import { createGuardedCompletion, type Guard } from 'guarded-completion';
import { supabaseAuth } from 'guarded-completion/auth';
import { postgresLedger } from 'guarded-completion/postgres';
import { Pool } from 'pg';

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
    // Supabase's own Postgres: use the connection string of its pooler.
    ledger: postgresLedger(new Pool({ connectionString: process.env.DATABASE_URL, max: 4 })),
    auth: supabaseAuth({ url: process.env.SUPABASE_URL ?? '' }),
    plans: {
      guest: { models: ['gpt-5-mini'], limits: [{ requests: 3, per: '24h' }] },
      free: { models: ['gpt-5-mini'], limits: [{ requests: 20, per: '24h' }, { concurrent: 2 }] },
      pro: {
        models: ['gpt-5*'],
        limits: [
          { requests: 500, per: '24h' },
          { usd: 20, per: 'month' },
        ],
      },
    },
    planOf: ({ anonymous, claims }) => (anonymous ? 'guest' : planIn(claims?.['app_metadata'])),
    anonymousLimits: [{ usd: 5, per: 'day' }],
  });

/** Reads `app_metadata`, which only servers can write. Users can write `user_metadata`. */
function planIn(metadata: unknown): string {
  const { plan } = (metadata ?? {}) as { readonly plan?: unknown };
  return plan === 'pro' ? 'pro' : 'free';
}
