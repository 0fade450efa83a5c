import { createGuardedCompletion } from 'guarded-completion';
import { fakeOpenAI } from 'guarded-completion/testing';

test('a call', async () => {
  const fake = await fakeOpenAI();
  const guard = createGuardedCompletion({
    apiKey: 'sk-example',
    baseURL: fake.baseURL,
    secret: 'x'.repeat(32),
    plans: { free: { models: ['gpt-5-mini'] } },
  });
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  const answer = await guard
    .client('ada')
    .chat.completions.create({ model: 'gpt-5-mini', messages });
  expect(answer.choices[0]?.message.content).toBeTruthy();
  await guard.close();
  await fake.close();
}, 60_000);
