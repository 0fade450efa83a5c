import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deliverAnswer, deliverReply } from './deliver.ts';
import { errorReply } from './error-replies.ts';
import { FakeExchange } from './exchange.ts';
import { createGate, type Gate } from './gate.ts';
import type { GeneratedAnswer } from './generation.ts';
import { InvoiceLine, type InvoiceTotals } from './invoice.ts';
import { DEFAULT_MODELS } from './models.ts';
import { RequestLog } from './request-log.ts';
import { PREFIX, route, type UpstreamAccount } from './routes.ts';
import { type FakeSafetyCase, SafetyCases } from './safety-cases.ts';
import { type Reply, type ScriptFor, Scripts } from './script.ts';
import { readBody, type SeenRequest, seenRequest } from './seen-request.ts';

export interface FakeOpenAIOptions {
  /** Keys that are accepted; by default every bearer key is, but there must be one. */
  readonly apiKeys?: readonly string[];
  /** Models that exist; by default every model is answered, and a few are listed. */
  readonly models?: readonly string[];
  /** What a model writes at most when a request gives no cap; default 128,000 tokens. */
  readonly maxOutputTokens?: number;
  /** False keeps only `totals()`, nothing per request, for load tests; default true. */
  readonly record?: boolean;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A running server that speaks OpenAI's wire and knows exactly what it would have billed. */
export interface FakeOpenAI extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/v1` */
  readonly baseURL: string;
  /** A line for each POST that began generation, in order; refused requests have none. */
  readonly invoice: readonly InvoiceLine[];
  readonly requests: readonly SeenRequest[];
  readonly openSockets: number;
  /** Adds all lines up, or those with the same key. Calls still running count as far as they are. */
  totals(): InvoiceTotals;
  totals(by: (line: InvoiceLine) => string): Record<string, InvoiceTotals>;
  /** Answers every request whose body matches by this script, from now on; the youngest match wins. */
  script(match: string | RegExp, script: ScriptFor): void;
  /** Answers the next requests, whatever they are, by this script; goes before every match. */
  scriptNext(script: ScriptFor, times?: number): void;
  /** Refuses every call of this end user from now on, as OpenAI refuses whom it has blocked. */
  blockIdentifier(endUserId: string): void;
  /** Opens a safety case, which `GET /safety/cases/{id}` answers from now on; answers its id. */
  openSafetyCase(safetyCase: FakeSafetyCase): string;
  /** Makes a place where scripted answers stop until the test lets them on. */
  gate(): Gate;
  /** Resolves with the `count`-th request as soon as it has been received; needs `record`. */
  received(count: number): Promise<SeenRequest>;
  /** Resolves when no request is being answered any more. */
  idle(): Promise<void>;
  /** Cuts every connection and ends every wait; may be called twice. */
  close(): Promise<void>;
}

/** Starts a fake OpenAI on 127.0.0.1. */
export async function fakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const fake = new FakeServer(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

const TOO_MANY_RECORDS = errorReply(
  500,
  'server_error',
  null,
  'This fake has recorded as many requests as it can hold: start it with "record: false".',
);

const KEEP_ALIVE_MS = 60_000;

class FakeServer implements FakeOpenAI {
  readonly #server: Server;
  readonly #account: UpstreamAccount;
  readonly #records: RequestLog;
  readonly #book = new Scripts();
  readonly #safety = new SafetyCases();
  #serial = 0;

  constructor(options: FakeOpenAIOptions) {
    this.#account = {
      apiKeys: options.apiKeys,
      models: options.models,
      listedModels: options.models ?? DEFAULT_MODELS,
      maxOutputTokens: options.maxOutputTokens ?? 128_000,
      safety: this.#safety,
    };
    this.#records = new RequestLog(options.record ?? true);
    this.#server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, noDelay: true },
      (request, response) => this.#receive(request, response),
    );
    this.#server.on('connection', (socket) => this.#records.connected(socket));
  }

  get baseURL(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${PREFIX}`;
  }

  get invoice(): readonly InvoiceLine[] {
    return this.#records.invoice;
  }

  get requests(): readonly SeenRequest[] {
    return this.#records.requests;
  }

  get openSockets(): number {
    return this.#records.sockets.size;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  totals(): InvoiceTotals;
  totals(by: (line: InvoiceLine) => string): Record<string, InvoiceTotals>;
  totals(by?: (line: InvoiceLine) => string): InvoiceTotals | Record<string, InvoiceTotals> {
    return by ? this.#records.totalsBy(by) : this.#records.totals();
  }

  script(match: string | RegExp, script: ScriptFor): void {
    this.#book.match(match, script);
  }

  scriptNext(script: ScriptFor, times = 1): void {
    this.#book.queue(script, times);
  }

  blockIdentifier(endUserId: string): void {
    this.#safety.block(endUserId);
  }

  openSafetyCase(safetyCase: FakeSafetyCase): string {
    return this.#safety.open(safetyCase);
  }

  gate(): Gate {
    return createGate();
  }

  received(count: number): Promise<SeenRequest> {
    return this.#records.received(count);
  }

  idle(): Promise<void> {
    return this.#records.idle();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#records.sockets.keys()) socket.destroy();
    await closed;
    await this.idle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (this.#book.takeCloseOnRequest()) {
      request.socket.destroy();
      return;
    }
    readBody(request, (bodyText) => {
      const socketId = this.#records.socketIdOf(request.socket);
      void this.#answer(seenRequest(request, bodyText, socketId), response);
    });
  }

  async #answer(seen: SeenRequest, response: ServerResponse): Promise<void> {
    const serial = (++this.#serial).toString(36).padStart(24, '0');
    const exchange = new FakeExchange(seen, this.#book.take(seen), serial, response);
    this.#records.began(seen, response.req.socket);
    const answer = this.#records.isFull
      ? TOO_MANY_RECORDS
      : route(this.#account, seen, exchange.script, serial);
    const line = 'json' in answer ? this.#bill(exchange, answer) : undefined;
    try {
      await deliver(exchange, answer, line);
    } finally {
      this.#records.ended(line);
    }
  }

  /** Opens the invoice line of a call, unless the script has it refused before generation. */
  #bill({ script }: FakeExchange, answer: GeneratedAnswer): InvoiceLine | undefined {
    if (script.reply && script.reply.billed !== true) return undefined;
    const line = new InvoiceLine(answer.invoiced);
    this.#records.invoiced(line);
    return line;
  }
}

function deliver(
  exchange: FakeExchange,
  answer: GeneratedAnswer | Reply,
  line: InvoiceLine | undefined,
): Promise<void> {
  const { reply } = exchange.script;
  if (reply) return deliverReply(exchange, reply, line, 'json' in answer ? answer.bill : undefined);
  if (!('json' in answer)) return deliverReply(exchange, answer);
  return deliverAnswer(exchange, answer, line ?? new InvoiceLine(answer.invoiced));
}
