import { errorReply } from '../../src/testing/fake-openai/error-replies.ts';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';
import type { Script } from '../../src/testing/fake-openai/script.ts';
import { type Choices, choices } from './random.ts';

/**
 * An OpenAI that usually answers, at its own pace, and sometimes refuses, breaks off or falls
 * silent.
 */
export async function moodyOpenAI(seed: number): Promise<FakeOpenAI> {
  // Above what the users ask for, so that limits are learned and claimed, and slow no one down for long.
  const fake = await fakeOpenAI({ rateLimits: { requests: 100_000, tokens: 100_000_000 } });
  const choice = choices(seed, 0xa1);
  fake.script('', () => moodOf(choice));
  return fake;
}

/** OpenAI refuses what the user wrote. */
const REFUSED = errorReply(400, 'invalid_request_error', null, 'The request is not valid.');

function moodOf(choice: Choices): Script {
  const tokens = choice.between(1, 30);
  const betweenChunks = choice.between(0, 4);
  const reasoningTokens = choice.between(0, 8);
  if (choice.chance(0.9)) {
    const thinks = { tokens, reasoningTokens };
    return choice.chance(0.5) ? thinks : { ...thinks, betweenChunks };
  }
  const afterChunks = choice.between(0, 8);
  const moods: readonly [Script, ...Script[]] = [
    { reply: REFUSED },
    { tokens, usage: 'missing' },
    { tokens, betweenChunks, break: { with: 'reset', afterChunks } },
    { tokens, betweenChunks, break: { with: 'error-event', afterChunks } },
    { tokens, betweenChunks, break: { with: 'hang', afterChunks } },
    { tokens, betweenChunks, break: { with: 'eof', afterChunks } },
  ];
  return choice.of(moods);
}
