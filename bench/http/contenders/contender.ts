import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ownCpu } from '../../measure/cpu.ts';
import { ownMemory } from '../../measure/memory.ts';
import { answerParent, argumentOf } from '../../measure/parent.ts';
import { endProfile, startProfile } from '../own-profile.ts';

/** The input of a contender. */
export interface Surroundings {
  /** The stand-in for OpenAI, without a path. */
  readonly upstreamURL: string;
  /** The port of a Redis, for the contender that needs one. */
  readonly redisPort?: number | undefined;
  /** The number of streams open at once, if it is more than the guard's own bound. */
  readonly inFlight?: number | undefined;
}

/** What a contender reports when it is ready. */
export interface Ready {
  readonly port: number;
  /** Headers for the requests. The connections use them in turn. */
  readonly callers: readonly Readonly<Record<string, string>>[];
}

/** A question to a contender's process. */
export interface Question {
  readonly about: 'cpu' | 'memory' | 'startProfile' | 'endProfile';
}

const ANSWERS: Readonly<Record<Question['about'], () => object | Promise<object>>> = {
  cpu: ownCpu,
  memory: ownMemory,
  startProfile,
  endProfile,
};

/** Runs a contender in its forked process, until the parent exits. */
export async function contend(start: (around: Surroundings) => Promise<Ready>): Promise<void> {
  const ready = await start(argumentOf<Surroundings>());
  answerParent<Question>(ready, ({ about }) => ANSWERS[about]());
}

export const ANYBODY = [{ authorization: 'Bearer sk-example' }];

export async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
