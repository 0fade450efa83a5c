import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createGuardedCompletion } from '../../src/index.ts';
import { fakeOpenAI } from '../../src/testing/index.ts';
import { openAICompatible } from '../../src/upstream/index.ts';
import { canaries, chat, post, tokenOf } from '../fixture.ts';

const START = fileURLToPath(
  new URL('build/start-server.js', import.meta.resolve('@portkey-ai/gateway/package.json')),
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

/** A gateway of others, in a process of its own. */
async function portkey() {
  const port = await freePort();
  const gateway = spawn(process.execPath, [START, `--port=${port}`, '--headless'], {
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1' },
  });
  const origin = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(origin).then(
      (answer) => answer.status,
      () => 0,
    );
  await expect.poll(isUp, { timeout: 30_000 }).toBe(200);
  return {
    baseURL: `${origin}/v1`,
    async [Symbol.asyncDispose]() {
      const ended = once(gateway, 'exit');
      gateway.kill('SIGKILL');
      await ended;
    },
  };
}

it('A gateway that needs headers of its own serves calls, and they are charged what the host bills', async () => {
  await using fake = await fakeOpenAI({ apiKeys: [canaries.apiKey] });
  await using gateway = await portkey();
  const guard = createGuardedCompletion({
    upstreams: {
      main: openAICompatible({
        baseURL: gateway.baseURL,
        dialect: 'openai',
        apiKey: canaries.apiKey,
        headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': fake.baseURL },
      }),
    },
    secret: canaries.secret,
    plans: { free: { models: ['gpt-5-mini'], limits: [{ usd: 1, per: 'day' }] } },
  });
  try {
    const answer = await post(guard, await tokenOf(guard), chat());
    expect(answer.status).toBe(200);
    await answer.text();
    const { limits } = await guard.users.usage('ada');
    expect(limits[0]?.used).toBeCloseTo(fake.totals().costUsd ?? 0, 9);
  } finally {
    await guard.close({ graceMs: 0 });
  }
});
