/** What the capacity of an upstream costs a call where no call waits: `node bench/upstreams/cost.ts [rounds]`. */
import { createGuardedCompletion, type Guard } from '../../src/index.ts';
import { openAI } from '../../src/upstream/index.ts';
import { figure, printTable } from '../report/table.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const CALLS = 20_000;
const AT_ONCE = 32;
const MODEL = 'gpt-5-mini';

const BODY = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }] });
const CALL = { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY };
const ANSWER = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: MODEL,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 },
});
const HEADERS = {
  'content-type': 'application/json',
  'x-ratelimit-limit-requests': '10000000',
  'x-ratelimit-remaining-requests': '9999999',
  'x-ratelimit-limit-tokens': '10000000000',
  'x-ratelimit-remaining-tokens': '9999999000',
};

function guardWith(capacity: boolean): Guard {
  const fetch = async () => new Response(ANSWER, { headers: HEADERS });
  return createGuardedCompletion({
    upstreams: { main: openAI({ apiKey: 'sk-example', capacity, fetch }) },
    secret: 'x'.repeat(32),
    plans: { free: { models: [MODEL], limits: [{ requests: 1e9, per: '24h' }] } },
  });
}

/** Microseconds of CPU for each call. */
async function costOf(guard: Guard): Promise<number> {
  const ask = guard.fetchAs('ada');
  let left = CALLS;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await ask('http://guard/v1/chat/completions', CALL);
      if (answer.status !== 200) throw new Error(await answer.text());
    }
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const medianOf = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const unlimited = guardWith(false);
const limited = guardWith(true);
for (const guard of [unlimited, limited]) await costOf(guard);
const rows: [number, number][] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  rows.push([await costOf(unlimited), await costOf(limited)]);
}
console.log(`µs of CPU for each call, ${ROUNDS} interleaved rounds of ${CALLS} calls.\n`);
printTable(
  ['', 'without', 'with', 'difference'],
  [
    ...rows.map(([a, b], round) => [`round ${round + 1}`, figure(a), figure(b), figure(b - a)]),
    [
      'median',
      figure(medianOf(rows.map(([a]) => a))),
      figure(medianOf(rows.map(([, b]) => b))),
      figure(medianOf(rows.map(([a, b]) => b - a))),
    ],
  ],
);
await Promise.all([unlimited, limited].map((guard) => guard.close({ graceMs: 0 })));
