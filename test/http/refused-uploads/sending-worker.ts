import { parentPort } from 'node:worker_threads';
import { type RefusedRequest, WAYS } from './sending.ts';

interface Order {
  readonly port: number;
  readonly request: RefusedRequest;
  readonly times: number;
}

/** A thread of its own for clients: the server of the test is busy at other moments than they are. */
parentPort?.on('message', async ({ port, request, times }: Order) => {
  const sent = WAYS.map(async ([way, send]) => {
    const got = await Promise.all(Array.from({ length: times }, () => send(port, request)));
    return got.map((answer) => [way, answer]);
  });
  parentPort?.postMessage((await Promise.all(sent)).flat());
});
