import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { contend } from './contender.ts';

const ATTEMPTS_MAX = 100;
const ATTEMPT_MS = 50;

/** `@portkey-ai/gateway`, run by its own start script, without its console. */
await contend(async ({ upstreamURL }) => {
  const port = await freePort();
  const script = fileURLToPath(
    new URL('build/start-server.js', import.meta.resolve('@portkey-ai/gateway/package.json')),
  );
  process.env['NODE_ENV'] = 'production';
  process.env['TRUSTED_CUSTOM_HOSTS'] = '127.0.0.1';
  process.argv = [process.execPath, script, `--port=${port}`, '--headless'];
  await import(script);
  await whenListening(port);
  const caller = {
    authorization: 'Bearer sk-example',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstreamURL}/v1`,
  };
  return { port, callers: [caller] };
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

async function whenListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return;
    await wait(ATTEMPT_MS);
  }
  throw new Error('The gateway did not start.');
}
