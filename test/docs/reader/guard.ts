import { createGuardedCompletion } from 'guarded-completion';

/** A "file of yours" that blocks import. */
export const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  plans: {
    free: { models: ['gpt-5-mini'] },
    pro: { models: ['gpt-5-mini'], limits: [{ requests: 500, per: '24h' }] },
  },
  planOf: () => 'free',
});
