import { type Indexed, UnorderedList } from './unordered-list.ts';

/** A value, or a promise where it must be waited for. A value is used at once: each wait costs a call a
 * promise and a turn of the microtask queue. */
export type Soon<T> = T | Promise<T>;

/** Passes a value on at once, or when its promise resolves. */
export function after<T, U>(soon: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return isPromiseLike(soon) ? soon.then(next) : next(soon);
}

/** The same for two values, which are waited for together. */
export function afterBoth<A, B, U>(
  first: Soon<A>,
  second: Soon<B>,
  next: (first: A, second: B) => Soon<U>,
): Soon<U> {
  return isPromiseLike(first) || isPromiseLike(second)
    ? Promise.all([first, second]).then((both) => next(...both))
    : next(first, second);
}

/** Calls `undo` if `run` throws or rejects, which the caller sees all the same. */
export function undoIfThrown<T>(run: () => Soon<T>, undo: () => void): Soon<T> {
  const failed = (error: unknown): never => {
    undo();
    throw error;
  };
  try {
    const soon = run();
    return isPromiseLike(soon) ? soon.catch(failed) : soon;
  } catch (error) {
    return failed(error);
  }
}

export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/**
 * Waits for `pending` until the deadline, so that a hanging promise ends its call instead of holding it;
 * then rejects with `late()`. A value that is not a promise is returned at once and costs nothing. A
 * process that was itself busy first reads what has arrived meanwhile: its own delay is not the other
 * side's silence.
 *
 * The deadline is a number of milliseconds, with a timer of its own. Where every call waits for the same
 * time, make one `SharedDeadline` for all of them, which is much cheaper.
 */
export function withDeadline<T>(
  pending: T | PromiseLike<T>,
  deadline: number | SharedDeadline,
  late: () => Error,
): Soon<T> {
  if (!isPromiseLike(pending)) return pending;
  return new Promise<T>((resolve, reject) => {
    const onLate = () => reject(late());
    const wait = typeof deadline === 'number' ? timed(deadline, onLate) : deadline.begin(onLate);
    const inTime = (value: T) => {
      wait.end();
      resolve(value);
    };
    const failed = (error: unknown) => {
      wait.end();
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

interface Wait {
  end(): void;
}

function timed(deadlineMs: number, onLate: () => void): Wait {
  const timer = setTimeout(() => setImmediate(onLate), deadlineMs);
  return { end: () => clearTimeout(timer) };
}

const TICKS = 10;
const TICK_MS_MAX = 1_000;

/**
 * One deadline for many waits, each of the same length: one interval serves them all, where a timer for
 * each would cost a call more than what it waits for (measured: bench/). A wait ends at the deadline or up
 * to a tenth of it later.
 */
export class SharedDeadline {
  readonly ms: number;
  readonly #waits = new UnorderedList<SharedWait>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.ms = ms;
  }

  /** Begins a wait. For `withDeadline` only. */
  begin(onLate: () => void): Wait {
    const wait = new SharedWait(this, performance.now() + this.ms, onLate);
    this.#waits.add(wait);
    this.#timer ??= this.#start();
    if (this.#waits.size === 1) this.#timer.ref();
    return wait;
  }

  /** Only a wait keeps the process alive. */
  remove(wait: SharedWait): void {
    this.#waits.remove(wait);
    if (this.#waits.size === 0) this.#timer?.unref();
  }

  #start(): NodeJS.Timeout {
    const tickMs = Math.min(TICK_MS_MAX, Math.ceil(this.ms / TICKS));
    return setInterval(() => this.#tick(), tickMs);
  }

  #tick(): void {
    const nowMs = performance.now();
    const due = this.#waits.all().filter(({ dueAtMs }) => dueAtMs <= nowMs);
    if (due.length > 0) setImmediate(endLate, due);
    if (this.#waits.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

class SharedWait implements Wait, Indexed {
  index = -1;
  readonly dueAtMs: number;
  readonly onLate: () => void;
  readonly #deadline: SharedDeadline;

  constructor(deadline: SharedDeadline, dueAtMs: number, onLate: () => void) {
    this.#deadline = deadline;
    this.dueAtMs = dueAtMs;
    this.onLate = onLate;
  }

  end(): void {
    this.#deadline.remove(this);
  }
}

/** Waits that have ended in the meantime are settled, so that this has no effect on them. */
function endLate(due: readonly SharedWait[]): void {
  for (const wait of due) {
    wait.end();
    wait.onLate();
  }
}
