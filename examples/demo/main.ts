import { logIn } from './app.ts';
import { MODEL, startBackend } from './backend.ts';
import { leaveNote, ledgerOf, welcome } from './kept.ts';
import { reconcile } from './reconcile.ts';
import { conclude } from './report.ts';
import { play } from './story.ts';
import { startUpstream } from './upstream.ts';

/**
 * `npm run demo` plays a story and checks it. `npm run demo -- --serve` keeps the backend running. With
 * `--ledger sqlite:FILE` the counters outlive the process. With `--openai` it calls OpenAI itself.
 */
const ledger = ledgerOf(process.argv);
const upstream = await startUpstream(process.argv);
if (process.argv.includes('--serve')) await serve();
else process.exitCode = await demonstrate();

async function demonstrate(): Promise<number> {
  console.log(upstream.fake ? 'Using a fake OpenAI on this machine.' : 'Using the real OpenAI.');
  const backend = await startBackend(upstream, { ledger });
  try {
    const people = await welcome(backend.guard, ledger);
    const settled = await play(backend, people);
    await leaveNote(backend.guard, ledger, people);
    if (upstream.fake) await reconcile(settled, upstream.fake);
    return conclude();
  } finally {
    await backend.close();
    await upstream.close();
  }
}

async function serve(): Promise<void> {
  const backend = await startBackend(upstream, {
    ledger,
    port: Number(process.env['PORT'] ?? 8787),
  });
  const { token } = await logIn(backend.origin, 'ada');
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hello!' }] });
  console.log(`The backend listens on ${backend.origin}. Stop it with Ctrl-C.

A user token for ada, on plan "free": ${token.value}

  curl ${backend.origin}/v1/chat/completions -H 'authorization: Bearer ${token.value}' \\
    -H 'content-type: application/json' -d '${body}'

  curl -N ${backend.origin}/v1/chat/completions -H 'authorization: Bearer ${token.value}' \\
    -H 'content-type: application/json' -d '${body.replace('{', '{"stream":true,')}'

  curl ${backend.origin}/v1/models -H 'authorization: Bearer ${token.value}'

  curl -X POST ${backend.origin}/login/bob     # a token for another user`);
  process.once('SIGINT', async () => {
    await backend.close();
    await upstream.close();
  });
}
