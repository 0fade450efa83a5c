import type { Socket } from 'node:net';
import { type InvoiceLine, InvoiceSum, type InvoiceTotals, totalOf, totalsBy } from './invoice.ts';
import type { SeenRequest } from './seen-request.ts';

type Closing = { -readonly [Key in keyof SeenRequest]: SeenRequest[Key] };

interface SeenConnection {
  readonly id: number;
  readonly requests: Closing[];
}

/** A test that needs more must use `record: false`. */
const MAX_RECORDS = 1_000_000;

/** The connections of one fake and, if it records, its requests and its invoice. */
export class RequestLog {
  readonly requests: SeenRequest[] = [];
  readonly invoice: InvoiceLine[] = [];
  readonly #keeps: boolean;
  readonly #sum = new InvoiceSum();
  readonly #connections = new Map<Socket, SeenConnection>();
  readonly #watching = new Set<() => void>();
  #socketCount = 0;
  #active = 0;

  constructor(keeps: boolean) {
    this.#keeps = keeps;
  }

  get isFull(): boolean {
    return this.requests.length >= MAX_RECORDS;
  }

  get sockets(): ReadonlyMap<Socket, SeenConnection> {
    return this.#connections;
  }

  connected(socket: Socket): void {
    const connection: SeenConnection = { id: ++this.#socketCount, requests: [] };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      const closedAtMs = performance.now();
      for (const request of connection.requests) request.socketClosedAtMs = closedAtMs;
      this.#connections.delete(socket);
    });
  }

  socketIdOf(socket: Socket): number {
    return this.#connections.get(socket)?.id ?? 0;
  }

  began(request: SeenRequest, socket: Socket): void {
    this.#active++;
    if (this.#keeps) {
      this.requests.push(request);
      this.#connections.get(socket)?.requests.push(request);
    }
    this.#notify();
  }

  invoiced(line: InvoiceLine): void {
    if (this.#keeps) this.invoice.push(line);
  }

  ended(line: InvoiceLine | undefined): void {
    this.#active--;
    if (line && !this.#keeps) this.#sum.add(line);
    this.#notify();
  }

  totals(): InvoiceTotals {
    return this.#keeps ? totalOf(this.invoice) : this.#sum.totals(undefined);
  }

  totalsBy(key: (line: InvoiceLine) => string): Record<string, InvoiceTotals> {
    if (this.#keeps) return totalsBy(this.invoice, key);
    throw new TypeError(
      '"record" is false, so the invoice has no lines. Call totals() without a key.',
    );
  }

  async received(count: number): Promise<SeenRequest> {
    await this.#until(() => this.requests.length >= count);
    return this.requests[count - 1] ?? raise(count);
  }

  idle(): Promise<void> {
    return this.#until(() => this.#active === 0);
  }

  #until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (isTrue()) {
          this.#watching.delete(look);
          resolve();
        }
      };
      this.#watching.add(look);
      look();
    });
  }

  #notify(): void {
    for (const look of this.#watching) look();
  }
}

function raise(count: number): never {
  throw new TypeError(`"count" must be at least 1 but is ${count}.`);
}
