// What every app of these projects is asked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fakeOpenAI } from 'guarded-completion/testing';
import OpenAI from 'openai';

export const pass = (what) => console.log(`ok ${what}`);

export function must(condition, message) {
  if (!condition) throw new Error(message);
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The environment of an app: the fake, a port, the secrets. */
export async function environment() {
  const fake = await fakeOpenAI({ apiKeys: ['sk-example'] });
  const port = await freePort();
  return {
    fake,
    origin: `http://127.0.0.1:${port}`,
    env: {
      PORT: String(port),
      OPENAI_BASE_URL: fake.baseURL,
      OPENAI_API_KEY: 'sk-example',
      GUARD_SECRET: 'x'.repeat(40),
    },
  };
}

/** Starts a server, waits until it answers, and ends it afterwards. */
export async function withServer(command, parameters, { env, origin }, use) {
  const child = spawn(command, parameters, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const ended = once(child, 'close');
  let isOver = false;
  ended.then(() => (isOver = true));
  try {
    for (let tries = 0; ; tries += 1) {
      const answered = await fetch(origin).then(
        (response) => response.text(),
        () => undefined,
      );
      if (answered !== undefined) break;
      must(!isOver && tries < 600, `${parameters.join(' ')} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await use(() => output);
  } catch (error) {
    throw new Error(`${command} ${parameters.join(' ')}: ${error.stack}\n${output}`);
  } finally {
    child.kill();
    await ended;
  }
  return output;
}

const ask = (stream) => ({
  model: 'gpt-5-mini',
  stream,
  messages: [{ role: 'user', content: 'Hello!' }],
});

/** A call, a stream, a disconnect, and the denial of the fourth call, where the plan has three. */
export async function expectGuarded(origin, { apiKey = 'ada', fake }) {
  const openai = new OpenAI({ apiKey, baseURL: `${origin}/v1`, maxRetries: 0 });
  const whole = await openai.chat.completions.create(ask(false));
  must(whole.choices[0]?.message.content, 'the answer is empty');
  let pieces = 0;
  for await (const { choices } of await openai.chat.completions.create(ask(true))) {
    pieces += choices.length;
  }
  must(pieces > 2, 'the stream has no pieces');
  const left = await openai.chat.completions.create(ask(true));
  for await (const _ of left) break;
  const denied = await openai.chat.completions.create(ask(false)).catch((error) => error);
  must(denied.status === 429 && denied.code === 'quota_exceeded', `not denied: ${denied}`);
  const stranger = await fetch(`${origin}/v1/models`);
  must(stranger.status === 401, `a stranger gets ${stranger.status}`);
  must(fake.requests === undefined || fake.requests.length === 3, 'more or fewer calls at OpenAI');
}
