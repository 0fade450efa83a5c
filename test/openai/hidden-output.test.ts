import { describe, expect, it } from 'vitest';
import { hidesOutput } from '../../src/openai/hidden-output.ts';

const asked = (model: string, body: Record<string, unknown> = {}, inputRounds = 1) =>
  hidesOutput({ model, body, inputRounds });

describe('hidesOutput', () => {
  it.each([
    'gpt-4o',
    'gpt-4o-mini-2024-07-18',
    'gpt-4.1-nano',
    'gpt-4-0613',
    'gpt-4-0125-preview',
    'gpt-3.5-turbo-instruct',
    'ft:gpt-4o-mini-2024-07-18:my-org::abc123',
  ])('is false for %s, which bills only what it shows', (model) => {
    expect(asked(model)).toBe(false);
  });

  it.each([
    'gpt-5',
    'gpt-5-mini',
    'gpt-5-chat-latest',
    'o4-mini',
    'gpt-4o-search-preview',
    'gpt-4o-audio-preview',
    'gpt-4o-mini-tts',
    'ft:o4-mini-2025-04-16:my-org::abc123',
    'gpt-4o:thinking',
    'a-model-of-tomorrow',
  ])('is true for %s, which is not known to show everything', (model) => {
    expect(asked(model)).toBe(true);
  });

  it('is true where the request makes a model write what it does not show', () => {
    expect(asked('gpt-4o', { audio: { voice: 'alloy' } })).toBe(true);
    expect(asked('gpt-4o', { prompt: { id: 'pmpt_1' } })).toBe(true);
    expect(asked('gpt-4o', {}, 3)).toBe(true);
    expect(asked('davinci-002', { prompt: 'a', best_of: 3, n: 1 })).toBe(true);
  });

  it('is false where the request asks for nothing of the kind', () => {
    expect(asked('gpt-4o', { audio: null, tools: [] })).toBe(false);
    expect(asked('davinci-002', { prompt: ['a', 'b'], best_of: 2, n: 2 })).toBe(false);
  });
});
