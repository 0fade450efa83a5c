import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a contender says once it serves. */
export interface Ready {
  readonly port: number;
  /** Headers to call it with; the connections take them in turn. */
  readonly callers: readonly Readonly<Record<string, string>>[];
}

/**
 * Runs a contender in the process that `bench` forked for it: serves until the parent is gone, and
 * answers each message with the CPU time that this process has used, in µs.
 */
export async function contend(start: (upstreamURL: string) => Promise<Ready>): Promise<void> {
  const ready = await start(`http://127.0.0.1:${process.argv[2]}`);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  // An ordinary exit: a profile is written then.
  process.on('disconnect', () => process.exit());
  process.send?.(ready);
}

export const ANYBODY = [{ authorization: 'Bearer sk-example' }];

export async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
