import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

/** The names of the SDK's `ChatModel`, in two lists. */
const showing = [
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-4.1-2025-04-14',
  'gpt-4.1-mini-2025-04-14',
  'gpt-4.1-nano-2025-04-14',
  'gpt-4o',
  'gpt-4o-2024-11-20',
  'gpt-4o-2024-08-06',
  'gpt-4o-2024-05-13',
  'gpt-4o-mini',
  'gpt-4o-mini-2024-07-18',
  'gpt-4-turbo',
  'gpt-4-turbo-2024-04-09',
  'gpt-4-0125-preview',
  'gpt-4-turbo-preview',
  'gpt-4-1106-preview',
  'gpt-4',
  'gpt-4-0314',
  'gpt-4-0613',
  'gpt-4-32k',
  'gpt-4-32k-0314',
  'gpt-4-32k-0613',
  'gpt-3.5-turbo',
  'gpt-3.5-turbo-16k',
  'gpt-3.5-turbo-0301',
  'gpt-3.5-turbo-0613',
  'gpt-3.5-turbo-1106',
  'gpt-3.5-turbo-0125',
  'gpt-3.5-turbo-16k-0613',
];
const hiding = [
  'gpt-6-astra',
  'gpt-6.1-sol',
  'gpt-6.1-terra',
  'gpt-6.2-astra',
  'gpt-6.2-sol',
  'gpt-6-sol',
  'gpt-6-luna',
  'gpt-5.6-sol',
  'gpt-5.6-terra',
  'gpt-5.6-luna',
  'gpt-5.5',
  'gpt-5.5-2026-04-23',
  'gpt-5.4',
  'gpt-5.4-mini',
  'gpt-5.4-nano',
  'gpt-5.4-mini-2026-03-17',
  'gpt-5.4-nano-2026-03-17',
  'gpt-5.3-chat-latest',
  'gpt-5.2',
  'gpt-5.2-2025-12-11',
  'gpt-5.2-chat-latest',
  'gpt-5.2-pro',
  'gpt-5.2-pro-2025-12-11',
  'gpt-5.1',
  'gpt-5.1-2025-11-13',
  'gpt-5.1-codex',
  'gpt-5.1-mini',
  'gpt-5.1-chat-latest',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'gpt-5-2025-08-07',
  'gpt-5-mini-2025-08-07',
  'gpt-5-nano-2025-08-07',
  'gpt-5-chat-latest',
  'o4-mini',
  'o4-mini-2025-04-16',
  'o3',
  'o3-2025-04-16',
  'o3-mini',
  'o3-mini-2025-01-31',
  'o1',
  'o1-2024-12-17',
  'o1-preview',
  'o1-preview-2024-09-12',
  'o1-mini',
  'o1-mini-2024-09-12',
  'gpt-audio-mini',
  'gpt-audio-mini-2025-12-15',
  'gpt-4o-audio-preview',
  'gpt-4o-audio-preview-2024-10-01',
  'gpt-4o-audio-preview-2024-12-17',
  'gpt-4o-audio-preview-2025-06-03',
  'gpt-4o-mini-audio-preview',
  'gpt-4o-mini-audio-preview-2024-12-17',
  'gpt-4o-search-preview',
  'gpt-4o-mini-search-preview',
  'gpt-4o-search-preview-2025-03-11',
  'gpt-4o-mini-search-preview-2025-03-11',
  'chatgpt-4o-latest',
  'codex-mini-latest',
  'gpt-4-vision-preview',
];

/** The names that the type of the installed SDK has. */
function chatModels(): string[] {
  const types = readFileSync(
    fileURLToPath(import.meta.resolve('openai/resources/shared')).replace(/\.m?js$/, '.d.ts'),
    'utf8',
  );
  const [, union = ''] = /type ChatModel =([^;]*);/.exec(types) ?? [];
  return [...union.matchAll(/'([^']+)'/g)].map(([, name = '']) => name);
}

describe('The models of the official SDK', () => {
  it('Each model of the SDK is in exactly one of the two lists', () => {
    expect([...showing, ...hiding].sort()).toEqual([...new Set(chatModels())].sort());
  });

  it('A model shows all its output only if it is in the list of those that do', () => {
    expect(showing.filter(isHidingModel)).toEqual([]);
    expect(hiding.filter((model) => !isHidingModel(model))).toEqual([]);
  });
});

describe('Requests with hidden output', () => {
  it.each([
    ['audio', { audio: { voice: 'alloy' } }, 0],
    ['a kind of output other than text', { modalities: ['text', 'image'] }, 0],
    ['a prediction', { prediction: { type: 'content', content: 'a' } }, 0],
    ['a search', { web_search_options: {} }, 0],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }, 0],
    ['hosted tools', {}, 3],
    ['best_of above n', { prompt: 'a', best_of: 3, n: 1 }, 0],
  ])('A request may produce hidden output with %s', (_, body, hostedCalls) => {
    expect(asksHiddenOutput(body, hostedCalls)).toBe(true);
  });

  it.each([
    [{ audio: null, tools: [], modalities: ['text'], prediction: null }],
    [{ prompt: ['a', 'b'], best_of: 2, n: 2 }],
  ])('A request produces no hidden output with %j', (body) => {
    expect(asksHiddenOutput(body, 0)).toBe(false);
  });
});
