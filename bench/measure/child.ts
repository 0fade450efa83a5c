import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Place, pinned } from './cores.ts';

const ANSWER_MS_MAX = 600_000;

/** A child process of the bench that replies to messages; see `answerParent`. */
export interface Child extends AsyncDisposable {
  /** The message that it sent when it was ready. */
  readonly ready: unknown;
  /** Sends a message and returns the reply. Send one message at a time. */
  ask(message: object): Promise<unknown>;
}

/** Starts a script and waits until it is ready. The script reads its argument with `argumentOf`. */
export async function startChild(
  script: URL,
  argument: object,
  settings: { readonly at: Place; readonly nodeArguments?: readonly string[] },
): Promise<Child> {
  const child = fork(fileURLToPath(script), [JSON.stringify(argument)], {
    ...pinned(settings.at, settings.nodeArguments ?? []),
    // Portkey's gateway prints a greeting on its standard output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ready = await nextMessage(child);
  return {
    ready,
    ask(message) {
      child.send(message);
      return nextMessage(child);
    },
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const answered = new AbortController();
  const signal = AbortSignal.any([answered.signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error(`A process of the bench ended early: ${child.spawnargs.join(' ')}`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
    return message;
  } finally {
    answered.abort();
  }
}
