import { createGuardedCompletion } from 'guarded-completion';

/** The "file of yours" that the snippets of docs/adapters.md import. */
export const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  plans: { free: { models: ['gpt-5-mini'] } },
});
