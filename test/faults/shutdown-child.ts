import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuardedCompletion, toNodeHandler } from '../../src/index.ts';

/** The settings that the parent passes as JSON in the only argument. */
export interface ChildSettings {
  readonly apiKey: string;
  readonly secret: string;
  readonly baseURL: string;
  readonly model: string;
  readonly graceMs: number;
}

export type ChildMessage =
  | { readonly kind: 'listening'; readonly port: number; readonly token: string }
  | { readonly kind: 'signalled' }
  | {
      readonly kind: 'closed';
      readonly settled: number;
      readonly released: number;
      readonly failed: number;
    };

const { model, graceMs, ...upstream } = JSON.parse(process.argv[2] ?? '') as ChildSettings;
const guard = createGuardedCompletion({
  ...upstream,
  plans: { free: { models: [model], limits: [{ requests: 1_000, per: '24h' }] } },
});
const counts = { settled: 0, released: 0, failed: 0 };
for (const name of ['settled', 'released', 'failed'] as const) {
  guard.on(name, () => {
    counts[name] += 1;
  });
}

const tell = (message: ChildMessage) => process.send?.(message);
const server = createServer(toNodeHandler(guard));

async function shutDown(): Promise<void> {
  tell({ kind: 'signalled' });
  await guard.close({ graceMs });
  server.close();
  if (process.connected) tell({ kind: 'closed', ...counts });
  // `process.exit` is never called: the process must end because nothing is left to do.
  if (process.connected) process.disconnect();
}

process.on('SIGTERM', () => void shutDown());
server.listen(0, '127.0.0.1', async () => {
  const { value } = await guard.tokens.issue({ user: 'ada' });
  const { port } = server.address() as AddressInfo;
  tell({ kind: 'listening', port, token: value });
});
