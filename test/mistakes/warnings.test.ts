import { describe, expect, it } from 'vitest';
import { createGuardedCompletion } from '../../src/guard/create-guarded-completion.ts';

const SECRET = 'mJ4vQ9xT2bL7wR0zN5cK8yF3hD6gS1pA';

/** What a start warns of. */
async function warningsOf(more: object): Promise<string> {
  const lines: string[] = [];
  const logger = {
    warn: (line: string) => lines.push(line),
    error: (line: string) => lines.push(line),
  };
  const plans = { free: { models: ['gpt-5-mini'] } };
  const options = { apiKey: 'sk-example', secret: SECRET, plans, logger, ...more };
  await createGuardedCompletion(options as never).close({ graceMs: 0 });
  return lines.join('\n');
}
const withModels = (models: readonly string[]) => ({ plans: { free: { models } } });

describe('A start warns', () => {
  it.each(['a'.repeat(32), 'change-me-change-me-change-me-12', new Uint8Array(32)])(
    'The secret %o is plainly no random text',
    async (secret) => {
      expect(await warningsOf({ secret })).toContain('"secret" looks like a placeholder');
    },
  );

  it.each([
    ['gpt5-mini', 'gpt-5-mini'],
    ['gpt-4o-mni', 'gpt-4o-mini'],
    ['GPT-5-mini', 'gpt-5-mini'],
  ])('The model %s may be meant as %s', async (model, meant) => {
    expect(await warningsOf(withModels([model]))).toContain(
      `the model "${model}" is not in the list of this version. Did you mean "${meant}"?`,
    );
  });

  it('Good secrets, known and new models, patterns, aliases and other hosts are no warning', async () => {
    const models = ['gpt-5-mini', 'gpt-5*', '*', 'zeta-9-large'];
    expect(await warningsOf(withModels(models))).toBe('');
    expect(
      await warningsOf({ ...withModels(['gpt5-mini']), baseURL: 'http://127.0.0.1:1/v1' }),
    ).toBe('');
    const aliased = {
      ...withModels(['gpt5-mini', 'gpt-5-mini']),
      models: { 'gpt5-mini': 'gpt-5-mini' },
    };
    expect(await warningsOf(aliased)).toBe('');
  });
});
