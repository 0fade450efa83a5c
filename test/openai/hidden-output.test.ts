import { describe, expect, it } from 'vitest';
import { asksHiddenOutput, isHidingModel } from '../../src/openai/request/hidden-output.ts';

describe('Models with hidden output', () => {
  it.each([
    'gpt-4o',
    'gpt-4o-mini-2024-07-18',
    'gpt-4.1-nano',
    'gpt-4-0613',
    'gpt-4-0125-preview',
    'gpt-3.5-turbo-instruct',
    'ft:gpt-4o-mini-2024-07-18:my-org::abc123',
  ])('The model %s shows all the output that it bills', (model) => {
    expect(isHidingModel(model)).toBe(false);
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
  ])('The model %s may bill output that it does not show', (model) => {
    expect(isHidingModel(model)).toBe(true);
  });
});

describe('Requests with hidden output', () => {
  it.each([
    ['audio', { audio: { voice: 'alloy' } }, 0],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }, 0],
    ['hosted tools', {}, 3],
    ['best_of above n', { prompt: 'a', best_of: 3, n: 1 }, 0],
  ])('A request may produce hidden output with %s', (_, body, hostedCalls) => {
    expect(asksHiddenOutput(body, hostedCalls)).toBe(true);
  });

  it.each([[{ audio: null, tools: [] }], [{ prompt: ['a', 'b'], best_of: 2, n: 2 }]])(
    'A request produces no hidden output with %j',
    (body) => {
      expect(asksHiddenOutput(body, 0)).toBe(false);
    },
  );
});
