/** The ways in which a user of a soak calls: from code, over HTTP, badly, and leaving in the middle. */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from '../../src/index.ts';
import { MODEL, type UserName } from './guarding.ts';
import type { Choices } from './random.ts';

/** What a client received. `code` is set if the guard denied the call. */
export interface Received {
  readonly whole: boolean;
  readonly code: string | undefined;
}

export interface Caller {
  readonly user: UserName;
  /** The name of the call in the invoice of the upstream. */
  readonly call: string;
  readonly choice: Choices;
}

const NOTHING: Received = { whole: false, code: undefined };

/** Makes one call in a manner of its own. */
export async function callSomehow(guard: Guard, port: number, caller: Caller): Promise<Received> {
  const manner = caller.choice.of([fromCode, fromCode, fromCode, leaving, badBody, inBytes]);
  return manner({ guard, port, ...caller }).catch(() => NOTHING);
}

interface Calling extends Caller {
  readonly guard: Guard;
  readonly port: number;
}

function bodyOf(choice: Choices, stream: boolean): string {
  const messages = [{ role: 'user', content: 'x'.repeat(choice.between(1, 400)) }];
  return JSON.stringify({ model: MODEL, messages, stream });
}

async function fromCode({ guard, user, call, choice }: Calling): Promise<Received> {
  const stream = choice.chance(0.6);
  const signal = choice.chance(0.15) ? AbortSignal.timeout(choice.between(1, 60)) : undefined;
  const fetch = guard.fetchAs({ id: user, claims: { call } });
  const response = await fetch('http://guard.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bodyOf(choice, stream),
    ...(signal && { signal }),
  });
  const text = await response.text();
  const whole = response.status === 200 && (!stream || text.includes('data: [DONE]'));
  return { whole, code: response.headers.get('x-guard-code') ?? undefined };
}

/** Closes the connection of a stream after a random time. */
async function leaving(calling: Calling): Promise<Received> {
  const sent = post(calling);
  sent.end(bodyOf(calling.choice, true));
  await sleep(calling.choice.between(0, 60));
  sent.destroy();
  return NOTHING;
}

/** Sends a body that the guard refuses. */
async function badBody(calling: Calling): Promise<Received> {
  const bodies = ['{', '[]', '{"model":1}', `{"model":"${MODEL}","messages":{"a":[1]}}`] as const;
  const sent = post(calling);
  sent.end(calling.choice.of(bodies));
  const answer = await answerOf(sent);
  if (answer.code === undefined) throw new Error('A bad body was accepted.');
  return answer;
}

/** Sends a body in chunks of one byte. */
async function inBytes(calling: Calling): Promise<Received> {
  const sent = post(calling);
  for (const byte of bodyOf(calling.choice, false)) sent.write(byte);
  sent.end();
  return answerOf(sent);
}

function post({ port, user, call }: Calling): ClientRequest {
  const headers = { 'content-type': 'application/json', 'x-user': user, 'x-call': call };
  const sent = request({ port, method: 'POST', path: '/v1/chat/completions', headers });
  // A reset shows as an answer that never came.
  sent.on('error', () => {});
  return sent;
}

async function answerOf(sent: ClientRequest): Promise<Received> {
  const closed = once(sent, 'close').then(() => undefined);
  const arrived = once(sent, 'response').then(([response]) => response as IncomingMessage);
  const response = await Promise.race([arrived, closed]);
  if (response === undefined) return NOTHING;
  for await (const _ of response);
  const code = response.headers['x-guard-code'];
  return { whole: response.statusCode === 200, code: typeof code === 'string' ? code : undefined };
}
