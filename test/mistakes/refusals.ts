import { createGuardedCompletion } from '../../src/guard/create-guarded-completion.ts';

export const plan = { models: ['gpt-5-mini'] };
const base = {
  apiKey: 'sk-example',
  secret: 'mJ4vQ9xT2bL7wR0zN5cK8yF3hD6gS1pA',
  plans: { free: plan },
};

/** The message with which a mistake is refused at the start. */
export function atStart(options: object): string {
  return messageOf(() => createGuardedCompletion({ ...base, ...options } as never));
}

/** The same for options of one plan, and of one limit. */
export const inPlan = (more: object) => atStart({ plans: { free: { ...plan, ...more } } });
export const inLimit = (limit: unknown) => inPlan({ limits: [limit] });

/** The message of what is thrown, which must be a `TypeError`. */
export function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    return `not a TypeError: ${error}`;
  }
  return 'accepted';
}

/** The same of what is rejected. */
export async function messageLater(making: () => Promise<unknown>): Promise<string> {
  return making().then(
    () => 'accepted',
    (error: unknown) => (error instanceof TypeError ? error.message : `not a TypeError: ${error}`),
  );
}
