/**
 * `node bench/refused-bodies.ts [--all]`: prints the CPU time of the most expensive request bodies that the
 * guard refuses, in ms. Each value is sent in each field of each endpoint that could hold it, in a body of
 * at most 4 MiB. `--all` also prints the bodies that are accepted.
 */

import type { GuardRequest } from '../src/core/request.ts';
import { createGuardedCompletion } from '../src/index.ts';
import { hardValues } from './bodies/hard-values.ts';
import { figure, printTable } from './report/table.ts';

const FIELDS = {
  '/chat/completions': ['messages', 'stop', 'logit_bias', 'tools', 'metadata', 'user'],
  '/responses': ['input', 'tools', 'include', 'metadata', 'text'],
  '/completions': ['prompt'],
  '/embeddings': ['input'],
  '/moderations': ['input'],
};
const ROUNDS = 25;
const LIMIT_MS = 20;

const guard = createGuardedCompletion({
  apiKey: 'sk-bench-0123456789',
  secret: 'a secret of the bench, 32 bytes at least',
  // Nothing is sent: what would be accepted names a model that the plan does not include.
  baseURL: 'http://127.0.0.1:9',
  bounds: { invalidPerMinute: 1_000_000 },
  plans: {
    free: {
      models: ['none'],
      allow: { images: { tokensEach: 1_000 }, audio: { tokensEach: 1_000 } },
    },
  },
});
const { value: token } = await guard.tokens.issue({ user: 'ada' });

const headers: Readonly<Record<string, string>> = {
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
};

const requestOf = (path: string, bytes: Uint8Array): GuardRequest => ({
  method: 'POST',
  path,
  query: '',
  host: undefined,
  header: (name) => headers[name],
  readBody: () => ({ kind: 'bytes', bytes }),
  onDisconnect: () => {},
});

interface Refused {
  readonly cpuMs: number;
  readonly delayMs: number;
  readonly message: string;
  readonly accepted: boolean;
}

/** The fastest of several rounds, because other processes only make them slower. */
async function refuse(path: string, bytes: Uint8Array): Promise<Refused> {
  let best: Refused | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    const before = process.cpuUsage();
    const { body, headers: sent } = await guard.serve(requestOf(path, bytes));
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    if (best !== undefined && best.cpuMs <= cpuMs) continue;
    const { error } = JSON.parse(String(body)) as { error: { message: string } };
    const accepted = sent['x-guard-code'] === 'model_not_allowed';
    best = { cpuMs, delayMs: performance.now() - startedMs, message: error.message, accepted };
  }
  if (best === undefined) throw new Error('no round');
  return best;
}

const rows: { readonly name: string; readonly refused: Refused }[] = [];
for (const [name, value] of Object.entries(hardValues)) {
  for (const [path, fields] of Object.entries(FIELDS)) {
    for (const field of fields) {
      const bytes = Buffer.from(`{"model":"gpt-4o","${field}":${value}}`);
      rows.push({ name: `${path} ${field}: ${name}`, refused: await refuse(path, bytes) });
    }
  }
}
await guard.close({ graceMs: 0 });

const shown = rows
  .filter(({ refused }) => process.argv.includes('--all') || !refused.accepted)
  .sort((a, b) => b.refused.cpuMs - a.refused.cpuMs);
printTable(
  ['body', 'CPU ms', 'event loop ms', 'refused with'],
  shown
    .slice(0, 25)
    .map(({ name, refused: { cpuMs, delayMs, message } }) => [
      name,
      figure(cpuMs),
      figure(delayMs),
      message.slice(0, 70),
    ]),
);
const tooLong = shown.filter(({ refused }) => refused.cpuMs > LIMIT_MS).length;
console.log(`\n${shown.length} bodies, ${tooLong} above ${LIMIT_MS} ms of CPU`);
