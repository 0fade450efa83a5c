import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import type { Clock } from '../../base/clock.ts';
import type { EncodingName } from './encodings.ts';

/** A body to count, as the worker gets it. */
export interface CountingJob {
  readonly json: string;
  /** The largest count is returned. */
  readonly encodings: readonly EncodingName[];
}

const HEAP_MB_MAX = 256;
/** The worker ends after this long without a job. */
const IDLE_MS = 60_000;
/** A worker that died before its first answer is not started again for this long. */
const REST_MS = 60_000;
/** For the start of the worker and one count, which ends by itself within 250 ms. */
const LATE_MS = 10_000;

/** What a test replaces. */
interface WorkerSettings {
  readonly startWorker: () => Worker;
  readonly idleMs: number;
  readonly lateMs: number;
}

const SETTINGS: WorkerSettings = {
  startWorker: startCountingWorker,
  idleMs: IDLE_MS,
  lateMs: LATE_MS,
};

/**
 * Counts the tokens of bodies in a worker thread, which is started at the first count and ended when it is
 * idle. Counts run one after another.
 */
export class TokenCounter {
  readonly #clock: Clock;
  readonly #onError: (error: Error) => void;
  readonly #settings: WorkerSettings;
  readonly #queue = pLimit(1);
  #worker: Worker | undefined;
  #restsUntilMs = 0;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  /** `onError` is called when the worker cannot start. */
  constructor(
    clock: Clock,
    onError: (error: Error) => void,
    settings: Partial<WorkerSettings> = {},
  ) {
    this.#clock = clock;
    this.#onError = onError;
    this.#settings = { ...SETTINGS, ...settings };
  }

  /** Returns the count; `undefined` where the worker failed. */
  async count(job: CountingJob): Promise<number | undefined> {
    return this.#isResting ? undefined : this.#queue(() => this.#run(job));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  get #isResting(): boolean {
    return this.#closed || this.#clock.nowMs() < this.#restsUntilMs;
  }

  async #run(job: CountingJob): Promise<number | undefined> {
    const worker = this.#running();
    if (worker === undefined) return undefined;
    // A call waits for this count, so the process must not end.
    worker.ref();
    const { idleMs, lateMs } = this.#settings;
    const tokens = await answerOf(worker, job, lateMs);
    worker.unref();
    if (this.#closed) return undefined;
    this.#idle = setTimeout(() => this.#end(worker), idleMs).unref();
    return tokens;
  }

  #end(worker: Worker): void {
    // At once, so that no job goes to a worker that ends.
    this.#worker = undefined;
    void worker.terminate();
  }

  #running(): Worker | undefined {
    clearTimeout(this.#idle);
    if (this.#isResting) return undefined;
    try {
      this.#worker ??= this.#start();
    } catch (cause) {
      this.#rest(cause);
    }
    return this.#worker;
  }

  #start(): Worker {
    const worker = this.#settings.startWorker();
    let hasAnswered = false;
    let cause: unknown;
    worker.once('message', () => {
      hasAnswered = true;
    });
    // `exit` follows. Without a listener the error would be thrown here.
    worker.on('error', (error) => {
      cause = error;
    });
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      if (!hasAnswered && !this.#closed) this.#rest(cause);
    });
    return worker;
  }

  /** Not every runtime has threads, and a bundler may have left the worker's file out. */
  #rest(cause: unknown): void {
    this.#restsUntilMs = this.#clock.nowMs() + REST_MS;
    const message =
      'The thread that counts tokens did not start. Input is bounded by its bytes until it does.';
    this.#onError(new Error(message, { cause }));
  }
}

/** Waits for one answer. Ends a worker that is late. Resolves with `undefined` if the worker dies. */
function answerOf(worker: Worker, job: CountingJob, lateMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const end = (tokens: unknown) => {
      clearTimeout(late);
      worker.off('message', end);
      worker.off('exit', died);
      resolve(typeof tokens === 'number' ? tokens : undefined);
    };
    const died = () => end(undefined);
    const late = setTimeout(() => void worker.terminate(), lateMs);
    worker.once('message', end);
    worker.once('exit', died);
    worker.postMessage(job);
  });
}

/** The worker's file is beside this one: as source, and in the bundle. It gets nothing from the process
 * that could hold a secret, and none of its flags. */
function startCountingWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = new URL(`./counting-worker.${extension}`, import.meta.url);
  return new Worker(file, {
    name: 'guarded-completion counting',
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
  });
}
