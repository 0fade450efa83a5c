import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import OpenAI from 'openai';
import { environment, must, pass, withServer } from './calls.mjs';

const NEXT = 'node_modules/next/dist/bin/next';
const QUIET = { NEXT_TELEMETRY_DISABLED: '1' };

/** Without the secrets, as in Docker or CI. */
function build(what) {
  const { OPENAI_API_KEY: _key, GUARD_SECRET: _secret, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [NEXT, 'build'], {
    env: { ...env, ...QUIET },
    encoding: 'utf8',
  });
  const output = `${stdout}${stderr}`;
  must(status === 0, `next build of ${what}:\n${output}`);
  must(!/TS\d{4}|warn.*edge|edge runtime/i.test(output), `next build of ${what} warns:\n${output}`);
  pass(`next build of ${what}, without the secrets`);
}

async function serve(what, parameters) {
  const world = await environment();
  Object.assign(world.env, QUIET, { NEXT_MANUAL_SIG_HANDLE: 'true' });
  const { origin, fake } = world;
  const command = [NEXT, ...parameters, '--port', world.env.PORT];
  const output = await withServer(process.execPath, command, world, async () => {
    const issued = await fetch(`${origin}/token`, {
      method: 'POST',
      headers: { 'x-demo-user': 'ada' },
    });
    const { value } = await issued.json();
    const openai = new OpenAI({ apiKey: value, baseURL: `${origin}/v1`, maxRetries: 0 });
    const ask = (model, stream) =>
      openai.chat.completions.create({
        model,
        stream,
        messages: [{ role: 'user', content: 'Hi' }],
      });
    const { choices } = await ask('gpt-5-mini', false);
    must(choices[0]?.message.content, 'the answer is empty');
    let pieces = 0;
    for await (const chunk of await ask('gpt-5-mini', true)) pieces += chunk.choices.length;
    must(pieces > 2, 'the stream has no pieces');
    const denied = await ask('gpt-4o', false).catch((error) => error);
    must(denied.status === 403 && denied.code === 'model_not_allowed', `not denied: ${denied}`);
    must(fake.requests.length === 2, 'more or fewer calls at OpenAI');
  });
  must(!/edge runtime/i.test(output), `${what} warns:\n${output}`);
  await fake.close();
  pass(`${what}: a user token, a call, a stream, a denial`);
}

build('examples/next');
await serve('next start of examples/next', ['start']);

cpSync('documented', '.', { recursive: true });
for (const file of ['documented', 'instrumentation.ts', 'lib/shutdown.ts', '.next']) {
  rmSync(file, { recursive: true });
}
build('the files of the documentation');
await serve('next dev of the files of the documentation', ['dev']);
