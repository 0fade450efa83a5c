/** A "file of yours" that blocks import: the accounts of the app, in its own database. */

export const findAccount = async (id: string) => ({ id, plan: 'free', customer: 'cus_1' });

export const logIn = async (body: { user: string }) => ({ id: body.user });

/** The date on which a user's billing began. */
export const billingDayOf = (userId: string): string =>
  userId === 'ada' ? '2026-01-31' : '2026-01-01';

/** Who has signed in: here the name that the app's login consists of. */
export const userOf = async (request: {
  headers: { authorization?: string | undefined };
}): Promise<string | undefined> => /^Bearer (\w+)$/.exec(request.headers.authorization ?? '')?.[1];

/** Where a user works. */
export const findTeam = async (userId: string) => ({
  team: userId === 'ada' ? 't1' : 't2',
  company: 'acme',
});
