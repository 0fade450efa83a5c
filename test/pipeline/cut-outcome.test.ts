import { describe, expect, it } from 'vitest';
import { cutOutcome } from '../../src/pipeline/cut-outcome.ts';
import { servesOpenAI } from '../../src/upstream/openai-host.ts';
import { build } from '../openai/building.ts';

const built = build('chat.completions', { model: 'gpt-4o', stream: true });
const cutAt = (baseURL: string) =>
  cutOutcome({ built, rateCard: undefined }, { servesOpenAI: servesOpenAI(new URL(baseURL)) }, 100);

describe('A stream that is cut', () => {
  it.each([
    'https://api.openai.com/v1',
    'https://eu.api.openai.com/v1',
    'https://my-resource.openai.azure.com/openai/v1',
    'http://127.0.0.1:8080/v1',
  ])('What was delivered is charged where OpenAI’s own models answer: %s', (baseURL) => {
    expect(cutAt(baseURL)).toEqual({ kind: 'visible', outputTokens: 612 });
  });

  it.each([
    'https://gateway.example/v1',
    'https://api.openai.com.example/v1',
    'https://openai.azure.com.example/v1',
  ])('The hold is charged where a name tells nothing of the model: %s', (baseURL) => {
    expect(cutAt(baseURL)).toEqual({ kind: 'held' });
  });
});
