import { environment, must } from './calls.mjs';

const world = await environment();
Object.assign(process.env, world.env);
const { guard } = await import('./guard.mjs');
const openai = guard.client('ada');
const ask = (stream) =>
  openai.chat.completions.create({
    model: 'gpt-5-mini',
    stream,
    messages: [{ role: 'user', content: 'Hi' }],
  });
must((await ask(false)).choices[0].message.content, 'the answer is empty');
let pieces = 0;
for await (const { choices } of await ask(true)) pieces += choices.length;
must(pieces > 2, 'the stream has no pieces');
await ask(false);
const denied = await ask(false).catch((error) => error);
must(denied.status === 429 && denied.code === 'quota_exceeded', `not denied: ${denied}`);
await guard.close();
await world.fake.close();
