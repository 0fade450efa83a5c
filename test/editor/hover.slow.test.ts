import { beforeAll, describe, expect, it } from 'vitest';
import { entries } from '../../.ci/entries.ts';
import { Editor, type Hover, specifierOf } from './editor.ts';

const MINUTES = 60_000;
/** Types that are made of a shape of schemas. */
const OF_SHAPES = /\bRequiredOptions<typeof \w+>/;

// The language service reads the whole program first, which takes a busy machine its time.
describe('The options in an editor', { timeout: 5 * MINUTES }, () => {
  let editor: Editor;
  beforeAll(() => {
    editor = new Editor(entries.map(({ source }) => source));
  }, 5 * MINUTES);

  it('Every field of every options type shows its docstring', () => {
    const types = [...editor.typesWith(OF_SHAPES)].flatMap(([source, samples]) =>
      samples.map((sample) => ({ source, ...sample })),
    );
    const names = types.map(({ type }) => type);
    expect(names).toEqual(
      expect.arrayContaining([
        'GuardOptions',
        'SafetyWebhooksOptions',
        'JwtOptions',
        'Auth0Options',
        'AnonymousOptions',
        'TokenRequest',
        'Grant',
        'MemoryLedgerOptions',
        'PostgresLedgerOptions',
      ]),
    );
    const uses = types.map(({ source, type, fields }, index) => {
      const use = `const use${index}: import('${specifierOf(source)}').${type}`;
      return `${use} = { ${fields.map((field) => `$${field}: null as never`).join(', ')} };`;
    });
    const hovers = editor.hoversIn(uses.join('\n'));
    const fields = types.flatMap(({ type, fields }) => fields.map((field) => `${type}.${field}`));
    expect(hovers).toHaveLength(fields.length);
    const silent = fields.filter((_field, index) => hovers[index]?.documentation === '');
    expect(silent).toEqual([]);
  });

  it('A call of createGuardedCompletion shows docstrings and defaults at every depth', () => {
    const hovers = editor.hoversIn(`
      import { createGuardedCompletion } from './index.js';
      createGuardedCompletion({
        apiKey: 'sk', $secret: 'x', $onDisconnect: 'drain', $clock: { nowMs: () => 0 },
        plans: { free: { $models: ['m'], allow: { images: { tokensEach: 1, $maxPerRequest: 2 } } } },
        timeouts: { $hook: '1s' }, $bounds: { $bodyBytes: 1 }, cors: { $origins: [] },
      });`);
    expect(hovers.filter(({ documentation }) => documentation === '')).toEqual([]);
    const defaults = hovers.map(({ defaultText }) => defaultText);
    expect(defaults).toEqual([
      undefined,
      "'drain'",
      'systemClock',
      undefined,
      '16',
      "'5s'",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('A login shows its own options, and those of every login', () => {
    const hovers = editor.hoversIn(`
      import { jwt, oidc } from './auth/index.js';
      oidc({ $issuer: 'x', audience: 'x', $algorithms: ['ES256'], $jwks: 'x', $skew: '1s' });
      jwt({ issuer: 'x', audience: 'x', algorithms: ['ES256'], $jwks: 'x', $skew: '1s' });`);
    expect(hovers.map(firstWords)).toEqual([
      'Exactly as in',
      'Every provider supports',
      'Replaces the place',
      'How far clocks',
      "The issuer's public",
      'How far clocks',
    ]);
    const defaults = hovers.map(({ defaultText }) => defaultText);
    expect(defaults).toEqual([undefined, "['RS256']", undefined, "'5s'", undefined, "'5s'"]);
  });

  it('Every field of a limit shows its docstring, once', () => {
    const hovers = editor.hoversIn(`
      import type { LimitSpec } from './index.js';
      export const limits: readonly LimitSpec[] = [
        { $requests: 1, $per: '24h', $name: 'x', $onLedgerFailure: 'deny' },
        { $tokens: 1, per: 'day', $timeZone: 'UTC', $anchor: '2026-01-31' },
        { $inputTokens: 1, per: '1m', $burst: 1 },
        { $outputTokens: 1, per: 'day' },
        { $usd: 1, per: 'day' },
        { $concurrent: 1, $name: 'y', $onLedgerFailure: 'deny' },
      ];`);
    expect(hovers.map(firstWords)).toEqual([
      'Calls; a whole',
      'The window. A',
      'The name in',
      'What happens to',
      'Input and output',
      'The IANA time',
      'Where calendar periods',
      'Input tokens, cached',
      'Makes it a',
      'Output tokens, reasoning',
      'Money in US',
      'Calls in flight;',
      'The name in',
      'What happens to',
    ]);
    for (const { documentation } of hovers) {
      const [first = ''] = documentation.split('. ');
      expect(documentation.split(first)).toHaveLength(2);
    }
  });
});

const firstWords = ({ documentation }: Hover): string =>
  documentation.split(' ').slice(0, 3).join(' ');
