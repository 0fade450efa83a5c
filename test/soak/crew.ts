import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Place } from '../faults/killed/place.ts';
import type { CallReport, WorkerMessage, WorkerSettings } from './worker.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
const SIZE = 3;

export interface CrewSettings {
  readonly place: Place;
  readonly baseURL: string;
  readonly seed: number;
}

/** Three backends on one store. One of them may be killed and restarted. */
export class Crew {
  readonly posted = new Map<string, CallReport>();
  /** Calls with an answer that the client received completely. */
  readonly whole = new Set<string>();
  readonly denials = new Map<string, number>();
  /** The heap of the process that is never killed, in bytes after a collection. */
  readonly heap: number[] = [];
  kills = 0;
  readonly #settings: CrewSettings;
  #workers: ChildProcess[];

  constructor(settings: CrewSettings) {
    this.#settings = settings;
    this.#workers = Array.from({ length: SIZE }, (_, index) => this.#start(index));
  }

  async killOne(): Promise<void> {
    const index = SIZE - 1;
    const worker = this.#workers[index];
    if (worker === undefined) return;
    const exited = once(worker, 'exit');
    worker.kill('SIGKILL');
    await exited;
    this.kills += 1;
    this.#workers[index] = this.#start(index);
  }

  /** Tells all workers to finish what they began. A worker that fails to do so is an error. */
  async finish(): Promise<void> {
    const exits = this.#workers.map((worker) => once(worker, 'exit'));
    for (const worker of this.#workers) worker.send('finish');
    for (const [code] of await Promise.all(exits)) {
      if (code !== 0) throw new Error(`a worker ended with ${code}`);
    }
  }

  abandon(): void {
    for (const worker of this.#workers) worker.kill('SIGKILL');
  }

  #start(index: number): ChildProcess {
    const { place, baseURL, seed } = this.#settings;
    const seeds = [seed, index, this.kills];
    const name = `${index}.${this.kills}`;
    const settings: WorkerSettings = { place, baseURL, name, seeds };
    const worker = fork(WORKER, [JSON.stringify(settings)], { execArgv: ['--expose-gc'] });
    worker.on('message', (message: WorkerMessage) => this.#note(message, index));
    return worker;
  }

  #note(message: WorkerMessage, index: number): void {
    if (message.kind === 'heap') return void (index === 0 && this.heap.push(message.bytes));
    if (message.kind === 'posted') return void this.posted.set(message.call, message);
    if (message.whole) this.whole.add(message.call);
    const { code } = message;
    if (code !== undefined) this.denials.set(code, (this.denials.get(code) ?? 0) + 1);
  }
}
