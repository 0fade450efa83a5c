import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ThresholdEvent } from '../../../src/index.ts';
import type { FakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { canaries, watchToken } from '../../canary.ts';
import type { ChildMessage, ChildSettings } from './backend-child.ts';

const CHILD = fileURLToPath(new URL('backend-child.ts', import.meta.url));

export interface BackendSettings
  extends Pick<ChildSettings, 'place' | 'plan' | 'limits' | 'stopsAt' | 'ttl' | 'login'> {
  readonly fake: FakeOpenAI;
  /** Added to the environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly text: string;
}

/** A guard on `node:http` in its own process. */
export interface Backend extends AsyncDisposable {
  /** A token of the user ada. */
  readonly token: string;
  /** Its clock minus ours, at its start. */
  readonly aheadMs: number;
  /** Resolves when a call reaches the step at which the process hangs. */
  readonly stopped: Promise<unknown>;
  /** What its limits have told so far. */
  readonly thresholds: readonly ThresholdEvent[];
  /** Sends a call. Returns the answer, read to its end. */
  ask(body: unknown, token?: string): Promise<Answer>;
  /** Sends a login or a token to the exchange. */
  exchange(credential: string): Promise<Answer>;
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>;
}

export async function startBackend({ fake, env, ...settings }: BackendSettings): Promise<Backend> {
  const { apiKey, secret } = canaries;
  const given = { ...settings, apiKey, secret, baseURL: fake.baseURL } satisfies ChildSettings;
  const options = { execArgv: [], env: { ...process.env, ...env } };
  const child = fork(CHILD, [JSON.stringify(given)], options);
  const stopped = told(child, 'stopped');
  // Most backends never reach such a step. A test that awaits this still sees the process end.
  stopped.catch(() => {});
  const thresholds: ThresholdEvent[] = [];
  child.on('message', (message: ChildMessage) => {
    if (message.kind === 'threshold') thresholds.push(message.event);
  });
  const { port, token, nowMs } = await told(child, 'listening');
  const aheadMs = nowMs - Date.now();
  const kill = () => killed(child);
  return {
    token: watchToken(token),
    aheadMs,
    stopped,
    thresholds,
    ask: (body, as = token) => post(port, '/v1/chat/completions', as, body),
    exchange: (credential) => post(port, '/token', credential, {}),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

async function post(
  port: number,
  path: string,
  credential: string,
  body: unknown,
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, code: response.headers.get('x-guard-code'), text };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function told<Kind extends ChildMessage['kind']>(child: ChildProcess, kind: Kind) {
  return new Promise<Extract<ChildMessage, { kind: Kind }>>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the backend ended with ${code}`)));
    child.on('message', (message: ChildMessage) => {
      if (message.kind === kind) resolve(message as Extract<ChildMessage, { kind: Kind }>);
    });
  });
}
