import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Of a busy machine; an idle one needs a minute or two. */
const DEADLINE_MS = 600_000;

/** Returns what a program prints. Rejects with all of it if the program fails or takes too long. */
export async function runProgram(
  command: string,
  parameters: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn(command, parameters, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
  });
  let output = '';
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return output;
  throw new Error(`${command} ${parameters.join(' ')} in ${cwd}: ${code ?? signal}\n${printed}`);
}
