import type { GuardedEvent, GuardOptions, LimitSpec } from '../../src/index.ts';
import { chat, type Fixture, MODEL, post, startFixture, tokenOf } from '../fixture.ts';

export interface HookedFixture extends Fixture {
  readonly guarded: GuardedEvent[];
  /** One chat call of Ada, with these fields in its body. */
  ask(more?: Record<string, unknown>, path?: string): Promise<Response>;
  /** How many requests OpenAI got. */
  sent(): number;
  /** What Ada has used or holds of the first limit of their plan. */
  taken(): Promise<number>;
}

export const limits: readonly LimitSpec[] = [{ requests: 5, per: '24h' }];

/** A guard with hooks, and one limit that shows whether anything was taken. */
export async function startHooked(options: Partial<GuardOptions> = {}): Promise<HookedFixture> {
  const plans = { free: { models: [MODEL, 'gpt-5-nano'], maxOutputTokens: 100, limits } };
  const fixture = await startFixture({ plans, logger: false, ...options });
  const { guard, fake } = fixture;
  const guarded: GuardedEvent[] = [];
  guard.on('guarded', (event) => void guarded.push(event));
  const token = await tokenOf(guard);
  return {
    ...fixture,
    guarded,
    ask: (more, path) => post(guard, token, chat(more), path),
    sent: () => fake.requests.length,
    async taken() {
      const { limits: shown } = await guard.users.usage('ada');
      return (shown[0]?.used ?? 0) + (shown[0]?.held ?? 0);
    },
  };
}
