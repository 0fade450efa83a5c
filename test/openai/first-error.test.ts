import { describe, expect, it } from 'vitest';
import { allowing, attempt } from './building.ts';

/** A list that throws when anything behind its second element is read. */
function unreadBehind(first: unknown, second: unknown): unknown[] {
  return new Proxy([first, second, ...Array(98_998)], {
    get(list, key, receiver) {
      if (typeof key === 'string' && Number(key) > 1)
        throw new Error(`element ${String(key)} was read`);
      return Reflect.get(list, key, receiver);
    },
  });
}

const text = { type: 'text', text: 'x' };
const policy = allowing({ audioOutput: true, stateful: { inputTokens: 1 } });

describe('A list with a wrong element', () => {
  it.each([
    ['completions', 'prompt', 'a', 1],
    ['completions', 'prompt', 1, 'a'],
    ['completions', 'prompt', 1, -1],
    ['completions', 'prompt', [1], []],
    ['completions', 'prompt', {}, {}],
    ['embeddings', 'input', 1, 0.5],
    ['moderations', 'input', text, 'a'],
    ['chat.completions', 'messages', { role: 'user', content: 'x' }, { role: 'user', x: 1 }],
    ['chat.completions', 'tools', { type: 'function', function: { name: 'f' } }, {}],
    ['responses', 'input', { role: 'user', content: 'x' }, 1],
    ['responses', 'tools', { type: 'function', name: 'f' }, { type: 'x' }],
    ['responses', 'include', 'reasoning.encrypted_content', 'x'],
  ])(
    '%s %s: a list is read up to its first wrong element (%j, %j)',
    (name, field, first, second) => {
      const denial = attempt(name, { [field]: unreadBehind(first, second) }, policy);
      expect(denial).toMatchObject({ denied: true });
    },
  );

  it('Too many embeddings are refused without reading them', () => {
    expect(attempt('embeddings', { input: unreadBehind('a', 1) })).toMatchObject({
      message: '"input" must be at most 2048 strings.',
    });
  });

  it('Metadata is read up to its first wrong value', () => {
    const metadata = {
      a: 'x',
      b: [],
      get c(): never {
        throw new Error('c was read');
      },
    };
    expect(attempt('responses', { metadata })).toMatchObject({ param: 'metadata.b' });
  });
});
