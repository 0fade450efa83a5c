import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deliverAnswer, deliverReply } from './deliver.ts';
import { errorReply } from './error-replies.ts';
import { FakeResponse } from './fake-response.ts';
import { createGate, type Gate } from './gate.ts';
import type { GeneratedAnswer } from './generation.ts';
import type { FakeDialect } from './host.ts';
import { hosts } from './hosts.ts';
import { InvoiceLine, type InvoiceTotals } from './invoice.ts';
import { DEFAULT_MODELS } from './models.ts';
import { type FakeRateLimitOptions, type FakeRateLimits, RateLimits } from './rate-limits.ts';
import { RequestLog } from './request-log.ts';
import { route, type UpstreamAccount } from './routes.ts';
import { type FakeSafetyCase, SafetyCases } from './safety-cases.ts';
import { type Reply, type ScriptFor, Scripts } from './script.ts';
import { readBody, type SeenRequest, seenRequest } from './seen-request.ts';
import { StoredItems } from './stored-items.ts';

/** The options of `fakeOpenAI`. */
export interface FakeOpenAIOptions {
  /** Keys that are accepted. By default every bearer key is accepted, but a key is required. */
  readonly apiKeys?: readonly string[];
  /** Models that exist. By default every model is served, and a few are listed. */
  readonly models?: readonly string[];
  /** The most that a model writes for a request without a cap. Default 128,000 tokens. */
  readonly maxOutputTokens?: number;
  /** `false` keeps only `totals()` and nothing per request, for load tests. Default `true`. */
  readonly record?: boolean;
  /** OpenAI's limits. By default those of an account so large that they never refuse. */
  readonly rateLimits?: FakeRateLimitOptions;
  /** The host that it stands for: what it refuses and ignores, and how it says usage and errors. Default
   * `openai`. */
  readonly dialect?: FakeDialect;
  /** Default 0: a free port. */
  readonly port?: number;
}

/** A running server with OpenAI's API. Its invoice contains exactly what OpenAI would bill. */
export interface FakeOpenAI extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/v1`, or where its dialect has its endpoints. */
  readonly baseURL: string;
  /** One line for each POST that began generation, in order. Refused requests have none. */
  readonly invoice: readonly InvoiceLine[];
  /** Every request, in the order of arrival; empty without `record`. */
  readonly requests: readonly SeenRequest[];
  /** How many connections are open now. */
  readonly openSockets: number;
  /** Counters of the limits. Throws a `TypeError` without the option `rateLimits`. */
  readonly rateLimits: FakeRateLimits;
  /** Sums all lines, or those with the same key. Running calls count with what they have generated. */
  totals(): InvoiceTotals;
  /** Adds up the lines that have the same key. */
  totals(by: (line: InvoiceLine) => string): Record<string, InvoiceTotals>;
  /** Uses this script for every later request with a matching body. The latest match wins. */
  script(match: string | RegExp, script: ScriptFor): void;
  /** Uses this script for the next requests, whatever they are. It goes before every match. */
  scriptNext(script: ScriptFor, times?: number): void;
  /** Refuses every later call of this end user, as OpenAI does for a blocked user. */
  blockIdentifier(endUserId: string): void;
  /** Opens a safety case, which `GET /safety/cases/{id}` then returns. Returns its id. */
  openSafetyCase(safetyCase: FakeSafetyCase): string;
  /** Makes a gate, at which scripted answers wait until the test lets them pass. */
  gate(): Gate;
  /** Resolves with the `count`-th request as soon as it has been received. Needs `record`. */
  received(count: number): Promise<SeenRequest>;
  /** Resolves when no request is in progress. */
  idle(): Promise<void>;
  /** Cuts every connection and ends every wait. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a fake OpenAI on 127.0.0.1 that keeps its own invoice of what OpenAI would have billed. Close
 * it with `close()` or `await using`.
 *
 * @example
 * ```ts
 * await using fake = await fakeOpenAI({ apiKeys: ['sk-test'] });
 * fake.scriptNext({ text: 'Hello!' });
 * const response = await fetch(`${fake.baseURL}/chat/completions`, {
 *   method: 'POST',
 *   headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
 *   body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hi' }] }),
 * });
 * await response.text();
 * console.log(fake.totals().outputTokens);
 * ```
 */
export async function fakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  const fake = new FakeServer(options);
  await fake.listen(options.port ?? 0);
  return fake;
}

const TOO_MANY_RECORDS = errorReply(
  500,
  'server_error',
  null,
  'This fake has recorded as many requests as it can keep. Start it with "record: false".',
);

const KEEP_ALIVE_MS = 60_000;

class FakeServer implements FakeOpenAI {
  readonly #server: Server;
  readonly #account: UpstreamAccount;
  readonly #records: RequestLog;
  readonly #scripts = new Scripts();
  readonly #safety = new SafetyCases();
  #serial = 0;

  constructor(options: FakeOpenAIOptions) {
    this.#account = {
      host: hosts[options.dialect ?? 'openai'],
      apiKeys: options.apiKeys,
      models: options.models,
      listedModels: options.models ?? DEFAULT_MODELS,
      maxOutputTokens: options.maxOutputTokens ?? 128_000,
      safety: this.#safety,
      stored: new StoredItems(),
      rateLimits: options.rateLimits && new RateLimits(options.rateLimits),
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
    return `http://127.0.0.1:${port}${this.#account.host.prefix}`;
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

  get rateLimits(): FakeRateLimits {
    const { rateLimits } = this.#account;
    if (rateLimits) return rateLimits;
    throw new TypeError('This fake has no limits. Start it with the option "rateLimits".');
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
    this.#scripts.match(match, script);
  }

  scriptNext(script: ScriptFor, times = 1): void {
    this.#scripts.queue(script, times);
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
    if (this.#scripts.takeCloseOnRequest()) {
      request.socket.destroy();
      return;
    }
    readBody(request, (bodyText) => {
      const socketId = this.#records.socketIdOf(request.socket);
      void this.#answer(seenRequest(request, bodyText, socketId), response);
    });
  }

  async #answer(seen: SeenRequest, raw: ServerResponse): Promise<void> {
    const serial = (++this.#serial).toString(36).padStart(24, '0');
    const response = new FakeResponse(seen, this.#scripts.take(seen), serial, raw);
    this.#records.began(seen, raw.req.socket);
    const answer = this.#records.isFull ? TOO_MANY_RECORDS : route(this.#account, response);
    const line = 'json' in answer ? this.#bill(response, answer) : undefined;
    try {
      await deliver(response, answer, line);
    } finally {
      this.#records.ended(line);
    }
  }

  /** Opens the invoice line of a call, unless the script refuses it before generation. */
  #bill({ script }: FakeResponse, answer: GeneratedAnswer): InvoiceLine | undefined {
    if (script.reply && script.reply.billed !== true) return undefined;
    const line = new InvoiceLine(answer.invoiced);
    this.#records.invoiced(line);
    return line;
  }
}

function deliver(
  response: FakeResponse,
  answer: GeneratedAnswer | Reply,
  line: InvoiceLine | undefined,
): Promise<void> {
  const { reply } = response.script;
  if (reply) return deliverReply(response, reply, line, 'json' in answer ? answer.bill : undefined);
  if (!('json' in answer)) return deliverReply(response, answer);
  return deliverAnswer(response, answer, line ?? new InvoiceLine(answer.invoiced));
}
