/** A "file of yours" that blocks import: Auth.js, which reads the cookies of the current request. */

interface Session {
  readonly user?: { readonly id?: string };
}

/** The session of the current request. The test changes it. */
export const current: { session: Session | null } = { session: null };

export const auth = async (): Promise<Session | null> => current.session;
