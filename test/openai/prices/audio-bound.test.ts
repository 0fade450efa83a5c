import { describe, expect, it } from 'vitest';
import { allowing, build } from '../building.ts';

const plan = allowing({
  audio: { tokensEach: 500 },
  audioOutput: true,
  stateful: {},
  prompts: { pmpt_1: {} },
});
const input_audio = { data: 'AAAA', format: 'wav' };
const heard = [{ role: 'user', content: [{ type: 'input_audio', input_audio }] }];

describe('The price of audio is part of the bound', () => {
  it.each([
    ['chat.completions', { messages: heard }],
    ['responses', { input: heard }],
    [
      'chat.completions',
      { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
    ],
    ['chat.completions', { modalities: ['audio'] }],
    ['responses', { previous_response_id: 'resp_1' }],
    ['responses', { prompt: { id: 'pmpt_1' } }],
  ])('A request to %s that can cause audio is held at the price of audio (%#)', (name, more) => {
    expect(build(name, more, plan).audio).toBe(true);
  });

  it('A request of text alone is held at the price of text', () => {
    for (const name of ['chat.completions', 'responses', 'completions', 'embeddings']) {
      expect(build(name, {}, plan).audio).toBe(false);
    }
    expect(build('chat.completions', { modalities: ['text'] }, plan).audio).toBe(false);
  });
});
