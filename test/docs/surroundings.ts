/**
 * What the snippets of the documentation call and a reader already has: accounts, a login, a
 * screen.
 */

/** What the snippets did, for the test to inspect. */
export const seen = {
  shown: '',
  recorded: [] as { user: string; model: string; usd: number }[],
  alarms: [] as unknown[],
  logged: [] as unknown[],
};

export const findAccount = async (id: string) => ({ id, plan: 'free', customer: 'cus_1' });

export const logIn = async (body: { user: string }) => ({ id: body.user });

/** As an app keeps it: fetched once, with the user's own login. */
export async function currentKey(): Promise<{ value: string; expires_at: number }> {
  const answer = await fetch('https://api.my-app.com/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'ada' }),
  });
  return (await answer.json()) as { value: string; expires_at: number };
}

export function show(text: string): void {
  seen.shown += text;
}

export function record(user: string, model: string, usd: number): void {
  seen.recorded.push({ user, model, usd });
}

export function alarm(_what: string, error: unknown): void {
  seen.alarms.push(error);
}

export function log(fact: unknown): void {
  seen.logged.push(fact);
}

/** The date on which a user's billing began. */
export const billingDayOf = (userId: string): string =>
  userId === 'ada' ? '2026-01-31' : '2026-01-01';
