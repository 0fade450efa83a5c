import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { openAIErrors } from '../../src/testing/index.ts';
import { type Choices, choices } from './random.ts';

/**
 * An OpenAI that usually answers, at its own pace, and sometimes refuses, breaks off or falls
 * silent.
 */
export async function moodyOpenAI(seed: number): Promise<FakeOpenAI> {
  const fake = await fakeOpenAI();
  const choice = choices(seed, 0xa1);
  fake.script('', () => moodOf(choice));
  return fake;
}

function moodOf(choice: Choices): Script {
  const tokens = choice.between(1, 30);
  const betweenChunks = choice.between(0, 4);
  if (choice.chance(0.9)) return choice.chance(0.5) ? { tokens } : { tokens, betweenChunks };
  const afterChunks = choice.between(0, 8);
  const moods: readonly [Script, ...Script[]] = [
    { reply: openAIErrors.rateLimited() },
    { tokens, usage: 'missing' },
    { tokens, betweenChunks, break: { with: 'reset', afterChunks } },
    { tokens, betweenChunks, break: { with: 'error-event', afterChunks } },
    { tokens, betweenChunks, break: { with: 'hang', afterChunks } },
    { tokens, betweenChunks, break: { with: 'eof', afterChunks } },
  ];
  return choice.of(moods);
}
