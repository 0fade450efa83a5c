import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { canaries } from '../fixture.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Arguments for Node that resolve the package's name to its source. */
export const FROM_SOURCE = ['--import', './test/examples/from-source.ts'];

/** An example that runs as its own process, as a developer would start it. */
export interface BackendProcess extends AsyncDisposable {
  readonly origin: string;
  /** Sends SIGTERM. */
  terminate(): void;
  /** Resolves when the process has ended by itself. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stderr: string;
  }>;
}

/** Starts `main` with the given upstream, and waits until it responds. */
export async function startBackend(
  main: string,
  baseURL: string,
  env: Readonly<Record<string, string>> = {},
): Promise<BackendProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [...FROM_SOURCE, main], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      NEXT_RUNTIME: 'nodejs',
      PORT: String(port),
      OPENAI_API_KEY: canaries.apiKey,
      OPENAI_BASE_URL: baseURL,
      GUARD_SECRET: canaries.secret,
      GUARD_DB: ':memory:',
      ...env,
    },
  });
  const ended = endOf(child);
  const origin = `http://127.0.0.1:${port}`;
  await Promise.race([answers(origin), ended.then(rejectEarly(main))]);
  return {
    origin,
    ended,
    terminate: () => void child.kill('SIGTERM'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function endOf(child: ChildProcess): BackendProcess['ended'] {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stderr };
}

const rejectEarly = (main: string) => (end: Awaited<BackendProcess['ended']>) => {
  throw new Error(`${main} ended before it listened: ${JSON.stringify(end)}`);
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const POLL_MS = 20;

async function answers(origin: string): Promise<void> {
  for (;;) {
    const answered = await fetch(origin).then(
      (response) => response.text(),
      () => undefined,
    );
    if (answered !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
