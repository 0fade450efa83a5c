import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyRoom, GuardRequest, RequestBody } from '../core/request.ts';
import { BodyBytes, BodyTakenError, brokenOff } from './body-bytes.ts';
import { waitsForContinue } from './node-rest.ts';
import { hostBody, splitTarget } from './request-parts.ts';

/** Node's own request and response as a `GuardRequest`. */
export class NodeRequest implements GuardRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly host: unknown;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #body: unknown;

  constructor(request: IncomingMessage, response: ServerResponse, mount: NodeMount) {
    const { path, query } = splitTarget(request.url ?? '/', mount.prefix);
    this.method = request.method ?? 'GET';
    this.path = path;
    this.query = query;
    this.host = mount.host;
    this.#request = request;
    this.#response = response;
    this.#body = mount.body;
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  get isHalfClosed(): boolean {
    return this.#request.socket.readableEnded;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    // Node keeps the first of two. Two credentials must count as none.
    if (name === 'authorization' && countHeader(this.#request.rawHeaders, name) > 1) {
      return undefined;
    }
    return Array.isArray(value) ? undefined : value;
  }

  readBody(limitBytes: number, room?: BodyRoom): RequestBody | Promise<RequestBody> {
    if (this.#body !== undefined) return hostBody(this.#body, limitBytes, room);
    const { headers, readableDidRead } = this.#request;
    const announced = Number(headers['content-length'] ?? 0);
    const chunked = headers['transfer-encoding'] !== undefined;
    // Without a body the request may have ended already, and its `end` would never come.
    if (announced === 0 && !chunked) return NO_BODY;
    if (readableDidRead) throw new BodyTakenError();
    if (waitsForContinue(this.#request, this.#response)) this.#response.writeContinue();
    return readStream(this.#request, new BodyBytes(limitBytes, announced, room));
  }

  onDisconnect(listener: () => void): void {
    const response = this.#response;
    // The client may have left before, for example while their plan was looked up.
    if (response.destroyed) return listener();
    response.on('close', () => {
      if (!response.writableFinished) listener();
    });
  }
}

const NO_BODY: RequestBody = { kind: 'bytes', bytes: new Uint8Array() };

function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const raw = rawHeaders[index];
    if (raw?.length === name.length && raw.toLowerCase() === name) count += 1;
  }
  return count;
}

function readStream(request: IncomingMessage, body: BodyBytes): Promise<RequestBody> {
  return new Promise((resolve, reject) => {
    let ended = false;
    // Every request closes, and only one that closes early has failed. An error costs its stack, so it is
    // made only then.
    const brokeOff = () => {
      if (!ended) reject(brokenOff());
    };
    // A request that is closed already emits no further event.
    if (request.destroyed) return brokeOff();
    const end = () => {
      ended = true;
      resolve(body.whole());
    };
    const take = (chunk: Buffer) => {
      try {
        body.add(chunk);
      } catch (error) {
        // While the rest of it arrives, a refused body must not be kept: each of these listeners keeps it.
        request.off('data', take).off('end', end).off('close', brokeOff).off('error', brokeOff);
        request.on('error', ignore);
        reject(error);
      }
    };
    request.on('data', take);
    request.on('end', end);
    request.on('error', brokeOff);
    request.on('close', brokeOff);
  });
}

const ignore = (): void => {};

/** What a host framework adds to Node's objects. */
export interface NodeMount {
  readonly prefix: string;
  readonly host: unknown;
  /** The body, when the host has read it already. */
  readonly body?: unknown;
}
