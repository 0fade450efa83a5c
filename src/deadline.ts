/**
 * Waits for `pending` at most `deadlineMs`, so that what hangs ends its call instead of holding it.
 * A value that is no promise costs nothing.
 */
export function withDeadline<T>(
  pending: T | PromiseLike<T>,
  deadlineMs: number,
  late: () => Error,
): T | Promise<T> {
  if (!isPromiseLike(pending)) return pending;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), deadlineMs);
    const settled =
      <V>(settle: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        settle(value);
      };
    pending.then(settled(resolve), settled(reject));
  });
}

/** The same for a hook of the app, which the error names. */
export function withHookDeadline<T>(
  pending: T | PromiseLike<T>,
  deadlineMs: number,
  hook: string,
): T | Promise<T> {
  const late = () => new Error(`"${hook}" did not answer within ${deadlineMs} ms`);
  return withDeadline(pending, deadlineMs, late);
}

export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
