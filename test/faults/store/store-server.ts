import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type Ledger, memoryLedger } from '../../../src/index.ts';

/** A process that serves a ledger, one line of JSON for each verb. It prints its port. */
const ledger = memoryLedger();
const verbs: Readonly<Record<string, (...args: never[]) => Promise<unknown>>> = {
  reserve: (...args: Parameters<Ledger['reserve']>) => ledger.reserve(...args),
  settle: (...args: Parameters<Ledger['settle']>) => ledger.settle(...args),
  release: (...args: Parameters<Ledger['release']>) => ledger.release(...args),
  renew: (...args: Parameters<Ledger['renew']>) => ledger.renew(...args),
  read: (...args: Parameters<Ledger['read']>) => ledger.read(...args),
  get: (key: string) => ledger.records.get(key),
  put: (...args: Parameters<Ledger['records']['put']>) => ledger.records.put(...args),
};

const server = createServer((socket) => {
  socket.on('error', () => {});
  createInterface({ input: socket })
    .on('error', () => {})
    .on('line', async (line) => {
      const [id, verb, args] = JSON.parse(line) as [number, string, never[]];
      socket.write(`${JSON.stringify([id, await verbs[verb]?.(...args)])}\n`);
    });
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
