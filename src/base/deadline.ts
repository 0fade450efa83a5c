/** A value, or a promise where it must be waited for. A value is used at once: each wait costs a call a
 * promise and a turn of the microtask queue. */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value at once, or when it comes. */
export function after<T, U>(soon: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return isPromiseLike(soon) ? soon.then(next) : next(soon);
}

/**
 * Waits for `pending` at most `deadlineMs`, so that what hangs ends its call instead of holding it.
 * A value that is no promise costs nothing.
 */
export function withDeadline<T>(
  pending: T | PromiseLike<T>,
  deadlineMs: number,
  late: () => Error,
): Soon<T> {
  if (!isPromiseLike(pending)) return pending;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), deadlineMs);
    const inTime = (value: T) => {
      clearTimeout(timer);
      resolve(value);
    };
    const failed = (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    };
    pending.then(inTime, failed);
  });
}

/** The same for a hook of the app, which the error names. */
export function withHookDeadline<T>(
  pending: T | PromiseLike<T>,
  deadlineMs: number,
  hook: string,
): Soon<T> {
  const late = () => new Error(`"${hook}" did not answer within ${deadlineMs} ms`);
  return withDeadline(pending, deadlineMs, late);
}

export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
