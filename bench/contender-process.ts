import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ready } from './contenders/contender.ts';
import { pinned } from './cores.ts';

export type ContenderName =
  | 'raw'
  | 'guard-node'
  | 'guard-express'
  | 'guard-redis'
  | 'naive'
  | 'portkey';

export interface Contender extends Ready {
  readonly name: ContenderName;
  readonly servesStreams: boolean;
  /** CPU time that its process has used so far. */
  cpuMicroseconds(): Promise<number>;
  stop(): Promise<void>;
}

const REPLY_MS_MAX = 15_000;

/** Starts a contender in a process of its own, alone on the first core. */
export async function startContender(
  name: ContenderName,
  upstreamPort: number,
  nodeArguments: readonly string[] = [],
): Promise<Contender> {
  const script = fileURLToPath(new URL(`contenders/${name}.ts`, import.meta.url));
  const child = fork(script, [String(upstreamPort)], {
    ...pinned('contender', nodeArguments),
    // A gateway greets on its standard output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { port, callers } = (await reply(child, name)) as Ready;
  return {
    name,
    // This version answers every stream with 500: it sets headers on what `fetch` made immutable.
    servesStreams: name !== 'portkey',
    port,
    callers,
    async cpuMicroseconds() {
      child.send('cpu');
      return Number(await reply(child, name));
    },
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function reply(child: ChildProcess, name: string): Promise<unknown> {
  const answered = new AbortController();
  const signal = AbortSignal.any([answered.signal, AbortSignal.timeout(REPLY_MS_MAX)]);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`The contender "${name}" ended.`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
    return message;
  } finally {
    answered.abort();
  }
}
