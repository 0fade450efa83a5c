import { AlertError } from '../core/errors.ts';
import { askedWaitMs } from '../upstream/capacity/header-times.ts';
import { type AlertMessage, signedHeaders } from './alert-formats.ts';

export interface DeliverySettings {
  readonly url: URL;
  /** Signs each attempt. */
  readonly secret: string | undefined;
  readonly timeoutMs: number;
  readonly tries: number;
  readonly backoffMs: number;
  /** Called for each alert that is given up, and once for a run of alerts that found no room. */
  readonly onLost: (error: AlertError) => void;
}

const AT_ONCE = 4;
const WAITING_MAX = 1_000;
const WAIT_MS_MAX = 20_000;

interface Waiting {
  readonly message: AlertMessage;
  readonly delivered: () => void;
  readonly lost: (error: AlertError) => void;
}

/** An attempt that failed. `waitMs`: the receiver asks for so long a pause. `undefined`: it is final. */
interface Failure {
  readonly what: string;
  readonly waitMs: number | undefined;
}

/** Sends alerts, a few at once, each of them several times if it must. */
export class AlertDelivery {
  readonly #settings: DeliverySettings;
  readonly #waiting: Waiting[] = [];
  readonly #closing = new AbortController();
  #running = 0;
  #drops = false;
  #idle: (() => void) | undefined;

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
  }

  /** Resolves when the receiver has taken it. Rejects with an `AlertError` when it is given up. */
  send(message: AlertMessage): Promise<void> {
    return new Promise((delivered, lost) => {
      this.#waiting.push({ message, delivered, lost });
      if (this.#waiting.length > WAITING_MAX) this.#dropOldest();
      this.#next();
    });
  }

  /** Resolves when every alert is delivered or given up. After `graceMs` the rest is given up. */
  async close(graceMs: number): Promise<void> {
    if (this.#running === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    const timer = setTimeout(() => this.#closing.abort(), graceMs);
    await idle;
    clearTimeout(timer);
  }

  #dropOldest(): void {
    const error = new AlertError(`Too many alerts wait for ${this.#settings.url.host}.`);
    this.#waiting.shift()?.lost(error);
    if (!this.#drops) this.#settings.onLost(error);
    this.#drops = true;
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#running += 1;
      void this.#run(next);
    }
    if (this.#waiting.length === 0) this.#drops = false;
    if (this.#running === 0) this.#idle?.();
  }

  async #run({ message, delivered, lost }: Waiting): Promise<void> {
    const error = await this.#deliver(message);
    if (error === undefined) delivered();
    else {
      lost(error);
      this.#settings.onLost(error);
    }
    this.#running -= 1;
    this.#next();
  }

  /** Returns why it is given up. */
  async #deliver(message: AlertMessage): Promise<AlertError | undefined> {
    const { tries, url } = this.#settings;
    for (let attempt = 1; ; attempt += 1) {
      const failure = await this.#attempt(message);
      if (failure === undefined) return undefined;
      const { what, waitMs } = failure;
      const isLast = attempt === tries || waitMs === undefined || this.#closing.signal.aborted;
      if (isLast) return new AlertError(`The receiver of alerts at ${url.host} ${what}.`);
      await this.#pause(Math.max(waitMs, this.#backoff(attempt)));
    }
  }

  /** Twice as long each time, and up to half of that less by chance. */
  #backoff(attempt: number): number {
    const most = this.#settings.backoffMs * 2 ** (attempt - 1);
    return Math.min(WAIT_MS_MAX, most * (0.5 + Math.random() / 2));
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve) => {
      const timer = setTimeout(end, ms);
      function end() {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      }
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  async #attempt(message: AlertMessage): Promise<Failure | undefined> {
    const { url, secret, timeoutMs } = this.#settings;
    const signature = secret === undefined ? {} : signedHeaders(message, secret, Date.now());
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signature },
        body: message.body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]),
      });
      // A receiver has nothing to say. Its body may have no end.
      void response.body?.cancel().catch(() => {});
      return response.ok ? undefined : failureOf(response);
    } catch (error) {
      return { what: whyNot(error), waitMs: 0 };
    }
  }
}

function failureOf({ status, headers }: Response): Failure {
  const what = `answered with status ${status}`;
  const mayPass = status === 429 || status === 408 || status >= 500;
  if (!mayPass) return { what, waitMs: undefined };
  const asked = askedWaitMs((name) => headers.get(name) ?? undefined, Date.now()) ?? 0;
  return { what, waitMs: Math.min(WAIT_MS_MAX, asked) };
}

/** The message of such an error may have the address, which is a secret at Slack and Discord. */
function whyNot(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return 'did not answer in time';
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return `cannot be reached${code}`;
}
