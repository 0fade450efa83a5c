import { describe, expect, it } from 'vitest';
import { encodingsOf } from '../../../src/openai/counting/encodings.ts';

const namesOf = (model: string) => encodingsOf(model)?.names;

describe('The encoding of a model', () => {
  it.each([
    'gpt-3.5-turbo',
    'gpt-3.5-turbo-0125',
    'gpt-3.5-turbo-instruct',
    'gpt-4',
    'gpt-4-0613',
    'gpt-4-turbo',
    'gpt-4-turbo-2024-04-09',
    'text-embedding-3-small',
    'text-embedding-ada-002',
    'ft:gpt-3.5-turbo-0125:my-org::abc',
  ])('%s counts by cl100k', (model) => expect(namesOf(model)).toEqual(['cl100k_base']));

  it.each([
    'gpt-4o',
    'gpt-4o-mini-2024-07-18',
    'gpt-4.1-nano',
    'gpt-4.5-preview',
    'gpt-5',
    'gpt-5-mini-2025-08-07',
    'gpt-5.4-nano',
    'gpt-5.6-sol',
    'o1',
    'o3-mini',
    'o4-mini-2025-04-16',
    'ft:gpt-4o-mini-2024-07-18:my-org::abc',
  ])('%s counts by o200k', (model) => expect(namesOf(model)).toEqual(['o200k_base']));

  it.each(['gpt-6-astra', 'gpt-6.1-sol', 'gpt-6'])(
    '%s, whose tokenizer is not published, counts by the larger of both and a third more',
    (model) => {
      expect(encodingsOf(model)).toEqual({ names: ['o200k_base', 'cl100k_base'], factor: 1.35 });
    },
  );

  it.each([
    'gpt-7',
    'gpt-44',
    'gpt-4x',
    'GPT-5-MINI',
    'my-deployment',
    'openai/gpt-5-mini',
    'llama-4-maverick',
    'claude-sonnet-4-5',
    'groq/compound',
    'omni-moderation-latest',
    'davinci-002',
    'ft:llama:my-org::abc',
    'gpt-4o-search-preview',
    'gpt-5-search-api',
    'o3-deep-research',
    'gpt-4o-audio-preview',
    'gpt-4o-mini-realtime-preview',
    'gpt-4-vision-preview',
  ])('%s is not counted', (model) => expect(encodingsOf(model)).toBeUndefined());
});
