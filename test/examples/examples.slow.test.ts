import { spawnSync } from 'node:child_process';
import OpenAI, { type APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI, type Gate, headerOf } from '../../src/testing/index.ts';
import { watchToken } from '../canary.ts';
import { canaries, MODEL } from '../fixture.ts';
import { type BackendProcess, FROM_SOURCE, ROOT, startBackend } from './backend-process.ts';

const ANSWER = 'Air scatters blue light more than red.';

let fake: FakeOpenAI;
let gate: Gate;
beforeAll(async () => {
  fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
});
afterAll(() => fake.close());

/**
 * Slow responses stop after their first pieces until the gate is opened. Each call makes a new
 * gate.
 */
function scriptAnswers(): void {
  gate = fake.gate();
  gate.pass(2);
  fake.script(/./, { text: ANSWER });
  fake.script('slowly', { text: ANSWER, betweenChunks: gate });
}

const question = (content: string) => ({
  model: MODEL,
  messages: [{ role: 'user' as const, content }],
});

/** Tells the backend to end in the middle of a stream, which must still arrive complete. */
async function endDuring(
  backend: BackendProcess,
  pieces: AsyncIterator<string>,
  codeOfNewCall: () => Promise<unknown>,
): Promise<string> {
  let text = (await pieces.next()).value ?? '';
  backend.terminate();
  // The signal takes time to arrive. After that no new call is accepted.
  await expect.poll(codeOfNewCall).toBe('shutting_down');
  gate.open();
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) text += next.value;
  expect(await backend.ended).toEqual({ code: 0, signal: null, stderr: '' });
  return text;
}

async function failureOf(call: Promise<unknown>): Promise<APIError | undefined> {
  const [result] = await Promise.allSettled([call]);
  return result.status === 'rejected' ? (result.reason as APIError) : undefined;
}

async function logIn(origin: string, user: string): Promise<OpenAI> {
  const response = await fetch(`${origin}/token`, {
    method: 'POST',
    headers: { 'x-demo-user': user },
  });
  const token = (await response.json()) as { value: string; expires_at: number };
  expect(token.expires_at).toBeGreaterThan(Date.now() / 1000);
  return new OpenAI({ baseURL: `${origin}/v1`, apiKey: watchToken(token.value), maxRetries: 0 });
}

async function* piecesOf(openai: OpenAI, content: string): AsyncGenerator<string> {
  const stream = await openai.chat.completions.create({ ...question(content), stream: true });
  for await (const chunk of stream) yield chunk.choices[0]?.delta.content ?? '';
}

describe('An example that mounts the guard', () => {
  it.each([
    ['express', 'examples/express/main.ts'],
    ['fastify', 'examples/fastify/main.ts'],
    ['hono', 'examples/hono/main.ts'],
    ['koa', 'examples/koa/main.ts'],
    ['node', 'examples/node/main.ts'],
    ['next', 'test/examples/next-host.ts'],
  ])('The %s example serves the official SDK', async (_name, main) => {
    scriptAnswers();
    await using backend = await startBackend(main, fake.baseURL);
    const stranger = await fetch(`${backend.origin}/token`, { method: 'POST' });
    expect(stranger.status).toBe(401);
    const openai = await logIn(backend.origin, 'ada');

    const before = fake.requests.length;
    const whole = await openai.chat.completions.create(question('sky')).withResponse();
    expect(whole.data.choices[0]?.message.content).toBe(ANSWER);
    expect(whole.response.headers.get('ratelimit')).toMatch(/^"requests-24h";r=19/);
    expect(whole.response.headers.get('ratelimit-policy')).toMatch(/^"requests-24h";q=20;w=86400/);
    const streamed: string[] = [];
    for await (const piece of piecesOf(openai, 'sky')) streamed.push(piece);
    expect(streamed.filter((piece) => piece !== '').length).toBeGreaterThan(1);
    expect(streamed.join('')).toBe(ANSWER);

    const seen = fake.requests.slice(before);
    expect(seen.map((request) => headerOf(request, 'authorization'))).toEqual(
      Array(2).fill(`Bearer ${canaries.apiKey}`),
    );
    const refused = await failureOf(
      openai.chat.completions.create({ ...question('sky'), model: 'gpt-4.1' }),
    );
    expect([refused?.status, refused?.code]).toEqual([403, 'model_not_allowed']);
    expect(refused?.headers?.get('x-guard-code')).toBe('model_not_allowed');

    const text = await endDuring(backend, piecesOf(openai, 'slowly'), async () => {
      return (await failureOf(openai.models.list()))?.code;
    });
    expect(text).toBe(ANSWER);
  });
});

describe('An example that calls OpenAI for its users', () => {
  it('The in-process example serves its users and applies their limits', async () => {
    scriptAnswers();
    await using backend = await startBackend('examples/in-process/main.ts', fake.baseURL);
    const headers = { 'x-demo-user': 'ada' };
    const ask = (path: string) => fetch(`${backend.origin}/explain/${path}`, { headers });
    const codeOf = async (path: string) => {
      const { code } = (await (await ask(path)).json()) as { code?: string };
      return code;
    };

    expect(await (await ask('sky')).json()).toEqual({ text: ANSWER });
    expect(await (await ask('sky/stream')).text()).toBe(ANSWER);
    for (let call = 3; call < 20; call += 1) expect(await codeOf('sky')).toBeUndefined();
    const last = await ask('slowly/stream');
    const refused = await ask('sky');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'quota_exceeded' });

    const pieces = last.body?.pipeThrough(new TextDecoderStream()).values() ?? [].values();
    const text = await endDuring(backend, pieces as AsyncIterator<string>, () => codeOf('sky'));
    expect(text).toBe(ANSWER);
  });
});

describe('An example that starts without its key', () => {
  it('The example without a key exits at once and names the missing option', () => {
    const env = { PATH: process.env['PATH'] };
    const { status, stderr } = spawnSync(
      process.execPath,
      [...FROM_SOURCE, 'examples/node/main.ts'],
      {
        cwd: ROOT,
        env,
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('"options.apiKey": must be a non-empty string');
    expect(stderr).toContain('is its environment variable set?');
  });
});
