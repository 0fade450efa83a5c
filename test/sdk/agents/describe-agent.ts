import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GuardOptions, toNodeHandler } from '../../../src/index.ts';
import type { Script } from '../../../src/testing/fake-openai/script.ts';
import { canaries, type Fixture, startFixture, tokenOf } from '../../fixture.ts';

/** How a client reaches OpenAI, or the guard in its place. */
export interface Connection {
  readonly baseURL: string;
  readonly apiKey: string;
  /** In process: no server is called. */
  readonly fetch?: typeof globalThis.fetch;
}

/** One question of a user, or several, each with the answers before it. */
export interface Chat {
  readonly model: string;
  readonly questions: readonly string[];
  /** The model may call `depth`, a function without parameters that returns this. */
  readonly depth?: string;
  readonly stream: boolean;
}

/** Asks in turn, as the documentation of a client shows it, and returns the last answer. */
export type Agent = (connection: Connection, chat: Chat) => Promise<string>;

const QUESTIONS = ['How deep is the sea?', 'And the lake?'];
const DEPTH = '11 km';
const ANSWER = 'It is deep, and dark.';
const thinking: Script = { reasoningTokens: 40 };
const calling: Script = { ...thinking, toolCalls: [{ name: 'depth', arguments: {} }] };

interface Asked {
  readonly model: string;
  readonly answers: readonly Script[];
  readonly questions?: readonly string[];
  readonly depth?: string;
}

const CHATS: Readonly<Record<string, Asked>> = {
  'A second question': { model: 'gpt-4o', answers: [{}, {}], questions: QUESTIONS },
  'A second question to a model that reasons': {
    model: 'gpt-5-mini',
    answers: [thinking, thinking],
    questions: QUESTIONS,
  },
  'A tool loop': {
    model: 'gpt-4o',
    answers: [{ ...calling, reasoningTokens: 0 }, {}],
    depth: DEPTH,
  },
  'A tool loop of a model that reasons': {
    model: 'gpt-5-mini',
    answers: [calling, thinking],
    depth: DEPTH,
  },
  'A tool loop and a second question': {
    model: 'gpt-5-mini',
    answers: [calling, thinking, thinking],
    questions: QUESTIONS,
    depth: DEPTH,
  },
};

const PLANS = {
  strict: { models: ['*'], limits: [{ usd: 100, per: 'day' }] },
  stateful: { models: ['*'], limits: [{ usd: 100, per: 'day' }], allow: { stateful: {} } },
} as const satisfies GuardOptions['plans'];

/** What the client is called with, and by which plan it is allowed. */
const PLACES = [
  ['OpenAI itself', undefined, false],
  ['the strict plan by HTTP', 'strict', false],
  ['the strict plan in process', 'strict', true],
  ['the plan with stored objects', 'stateful', false],
] as const;

interface AgentOptions {
  /** It refers to items by their ids, which only a plan that allows stored objects lets it do. */
  readonly refers?: boolean;
}

/**
 * A client of the Responses API keeps working at its second step: at OpenAI itself, and as well through the
 * guard, by each plan.
 */
export function describeAgent(name: string, agent: Agent, { refers = false }: AgentOptions = {}) {
  let fixture: Fixture;
  let server: Server;
  let plan: keyof typeof PLANS;
  beforeAll(async () => {
    fixture = await startFixture({ plans: PLANS, planOf: () => plan });
    server = createServer(toNodeHandler(fixture.guard));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await fixture[Symbol.asyncDispose]();
  });

  const places = PLACES.filter(([, allowed]) => !refers || allowed !== 'strict');
  const cells = places.flatMap(([place, allowed, inProcess]) =>
    Object.entries(CHATS).flatMap(([chat, asked]) =>
      [false, true].map((stream) => ({ place, allowed, inProcess, chat, asked, stream })),
    ),
  );

  describe(name, () => {
    it.each(cells)('$chat works at $place, streamed: $stream', async (cell) => {
      const { asked, allowed, inProcess, stream } = cell;
      const { fake } = fixture;
      const before = fake.requests.length;
      plan = allowed ?? 'strict';
      asked.answers.forEach((script, index) => {
        fake.scriptNext(script.toolCalls ? script : { ...script, text: `${ANSWER} ${index}` });
      });
      const connection =
        allowed === undefined ? direct(fixture) : await guarded(fixture, inProcess || server);
      const chat = { questions: QUESTIONS.slice(0, 1), ...asked, stream };
      const last = asked.answers.length - 1;
      expect(await agent(connection, chat)).toBe(`${ANSWER} ${last}`);
      const requests = fake.requests.slice(before);
      expect(requests.map(({ url }) => url)).toEqual(asked.answers.map(() => '/v1/responses'));
      if (allowed !== 'strict') return;
      // Nothing that a user said is kept where other users of the key could read it.
      for (const { body } of requests) expect(body).toMatchObject({ store: false });
    });
  });
}

const direct = ({ fake }: Fixture): Connection => ({
  baseURL: fake.baseURL,
  apiKey: canaries.apiKey,
});

async function guarded({ guard }: Fixture, server: Server | true): Promise<Connection> {
  if (server === true) {
    return { baseURL: 'http://unused.test/v1', apiKey: 'unused', fetch: guard.fetchAs('ada') };
  }
  const { port } = server.address() as AddressInfo;
  return { baseURL: `http://127.0.0.1:${port}/v1`, apiKey: await tokenOf(guard) };
}
