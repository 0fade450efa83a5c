import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';

export interface StripeServer extends AsyncDisposable {
  readonly stripe: Stripe;
  readonly requests: { readonly url: string; readonly form: URLSearchParams }[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A server that acts as Stripe, and the real Stripe SDK that calls it. */
export async function startStripe(): Promise<StripeServer> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    state.requests.push({ url: request.url ?? '', form });
    state.answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const state: StripeServer = {
    stripe: new Stripe('sk_test_123', {
      host: '127.0.0.1',
      port,
      protocol: 'http',
      maxNetworkRetries: 0,
    }),
    requests: [],
    answer: (_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'billing.meter_event' }));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return state;
}
