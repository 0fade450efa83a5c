import type { Profiler } from 'node:inspector';
import { startChild } from '../measure/child.ts';
import type { CpuTime } from '../measure/cpu.ts';
import type { Memory } from '../measure/memory.ts';
import type { Question, Ready, Surroundings } from './contenders/contender.ts';

export type ContenderName =
  | 'raw'
  | 'guard-node'
  | 'guard-express'
  | 'guard-redis'
  | 'guard-limits'
  | 'naive'
  | 'portkey';

/** An HTTP server under load: a contender, or the stand-in for OpenAI itself. */
export interface Target extends Ready {
  readonly name: string;
  cpu(): Promise<CpuTime>;
}

/** A contender in its own process, alone on its core. */
export interface ContenderProcess extends Target, AsyncDisposable {
  readonly name: ContenderName;
  memory(): Promise<Memory>;
  /** Samples where the process spends its time while `run` runs. */
  profile<T>(run: () => Promise<T>): Promise<{ profile: Profiler.Profile; result: T }>;
}

export async function startContender(
  name: ContenderName,
  around: Surroundings,
): Promise<ContenderProcess> {
  const script = new URL(`contenders/${name}.ts`, import.meta.url);
  const child = await startChild(script, around, {
    at: 'contender',
    nodeArguments: ['--expose-gc'],
  });
  const ask = <Answer>(about: Question['about']) => child.ask({ about }) as Promise<Answer>;
  return {
    name,
    ...(child.ready as Ready),
    cpu: () => ask<CpuTime>('cpu'),
    memory: () => ask<Memory>('memory'),
    async profile(run) {
      await ask('startProfile');
      const result = await run();
      return { result, profile: await ask<Profiler.Profile>('endProfile') };
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
