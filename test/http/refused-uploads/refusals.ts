import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { chat, type Fixture, MODEL, startFixture, tokenOf } from '../../fixture.ts';
import { type HostVariant, hosts, startHandler } from '../hosts.ts';
import { type RefusedRequest, WAYS } from './sending.ts';

/** Hosts whose own parser reads the body answer a body that is too large for it themselves. */
export const readers: readonly HostVariant[] = [
  ...hosts.filter(({ name }) => !/body parser|express\.json|read the body/.test(name)),
  { name: 'guard.handler in a server of its own', start: startHandler },
];

/** A body of which the guard reads nothing, or not all, before it answers. */
export interface Refusal {
  readonly name: string;
  readonly status: number;
  request(size: number, fixture: Fixture): Promise<RefusedRequest>;
}

const JSON_TYPE = 'application/json';
const BOUNDARY = 'a-boundary-of-the-form';

const jsonOf = (size: number) =>
  new TextEncoder().encode(JSON.stringify(chat({ padding: 'x'.repeat(size) })));

const formOf = (size: number) =>
  new TextEncoder().encode(
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n` +
      `${'x'.repeat(size)}\r\n--${BOUNDARY}--\r\n`,
  );

export const refusals: readonly Refusal[] = [
  {
    name: 'a wrong key',
    status: 401,
    request: async (size) => ({
      path: '/chat/completions',
      authorization: 'Bearer wrong',
      contentType: JSON_TYPE,
      body: jsonOf(size),
    }),
  },
  {
    name: 'an unknown path, as a form',
    status: 404,
    request: async (size, { guard }) => ({
      path: '/no/such/endpoint',
      authorization: `Bearer ${await tokenOf(guard)}`,
      contentType: `multipart/form-data; boundary=${BOUNDARY}`,
      body: formOf(size),
    }),
  },
  {
    name: 'a body over the limit',
    status: 413,
    request: async (size, { guard }) => ({
      path: '/chat/completions',
      authorization: `Bearer ${await tokenOf(guard)}`,
      contentType: JSON_TYPE,
      body: jsonOf(size),
    }),
  },
  {
    name: 'another content type',
    status: 415,
    request: async (size, { guard }) => ({
      path: '/chat/completions',
      authorization: `Bearer ${await tokenOf(guard)}`,
      contentType: 'text/plain',
      body: jsonOf(size),
    }),
  },
];

/** Refuses every body of the suites as too large. */
export const startRefusing = (): Promise<Fixture> =>
  startFixture({
    plans: { free: { models: [MODEL] } },
    bounds: { bodyBytes: 900, invalidPerMinute: 1_000_000 },
  });

/** What is sent how often. */
export interface Run {
  readonly sizes: readonly number[];
  readonly times: number;
}

/** How many answers a run must get. */
export const answersOf = ({ sizes, times }: Run): number =>
  sizes.length * times * refusals.length * WAYS.length;

/** Sends each refusal in each way from another thread, and returns what came back how often. */
export async function countAnswers(
  port: number,
  fixture: Fixture,
  { sizes, times }: Run,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const worker = new Worker(new URL('./sending-worker.ts', import.meta.url));
  for (const size of sizes) {
    for (const { name, status, request } of refusals) {
      worker.postMessage({ port, times, request: await request(size, fixture) });
      const [got] = (await once(worker, 'message')) as [[string, number | string][]];
      for (const [way, answer] of got) {
        const key = answer === status ? 'answered' : `${size} bytes, ${name}, ${way}: ${answer}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
    }
  }
  await worker.terminate();
  return counts;
}
