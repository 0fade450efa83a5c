import { describe, expect, it } from 'vitest';
import * as secrets from '../../src/secrets/index.ts';

const SECRET = 'sk-from-the-manager';
const where = { project: 'app', config: 'prd', name: 'OPENAI_API_KEY' };

/** What the vendor's client returns, in the shapes of its own declarations. */
const managers: readonly [string, (answer: unknown) => secrets.LoadSecret, good: unknown][] = [
  ['AWS', (answer) => secrets.awsSecret(async () => answer as never), { SecretString: SECRET }],
  [
    'AWS with a field',
    (answer) => secrets.awsSecret(async () => answer as never, { field: 'key' }),
    { SecretString: JSON.stringify({ key: SECRET }) },
  ],
  [
    'Google',
    (answer) => secrets.googleSecret({ accessSecretVersion: async () => answer as never }, 'v/1'),
    [{ payload: { data: Buffer.from(SECRET) } }, undefined],
  ],
  [
    'Azure',
    (answer) => secrets.azureSecret({ getSecret: async () => answer as never }, 'key'),
    { value: SECRET },
  ],
  [
    'Vault, KV 2',
    (answer) => secrets.vaultSecret({ read: async () => answer }, 'secret/data/openai', 'key'),
    { data: { data: { key: SECRET }, metadata: {} } },
  ],
  [
    'Vault, KV 1',
    (answer) => secrets.vaultSecret({ read: async () => answer }, 'secret/openai', 'key'),
    { data: { key: SECRET } },
  ],
  [
    'Doppler',
    (answer) => secrets.dopplerSecret({ secrets: { get: async () => answer as never } }, where),
    { value: { computed: SECRET } },
  ],
  [
    '1Password',
    (answer) =>
      secrets.onePasswordSecret(
        { secrets: { resolve: async () => answer as never } },
        'op://v/i/f',
      ),
    SECRET,
  ],
];

describe.each(managers)('The loader for %s', (_, loader, good) => {
  it('A loader returns the secret', async () => {
    expect(await loader(good)()).toBe(SECRET);
  });

  const bad = [
    {},
    { value: {} },
    { SecretString: 'not json' },
    { SecretString: '{}' },
    [{}],
    { data: {} },
  ];
  it.each(bad.map((answer) => [answer]))(
    'A loader throws for %j without quoting its content',
    async (answer) => {
      if (_ === 'AWS' && 'SecretString' in answer)
        return expect(await loader(answer)()).not.toBe('');
      await expect(loader(answer)()).rejects.toThrow(TypeError);
      await expect(loader(answer)()).rejects.not.toThrow(/not json/);
    },
  );
});

it('Each loader passes its arguments to the vendor’s client', async () => {
  const asked: unknown[] = [];
  const note =
    <T>(answer: T) =>
    (...given: unknown[]) => {
      asked.push(given);
      return Promise.resolve(answer);
    };
  await secrets.googleSecret(
    { accessSecretVersion: note([{ payload: { data: 'x' } }] as const) },
    'v/1',
  )();
  await secrets.dopplerSecret({ secrets: { get: note({ value: { computed: 'x' } }) } }, where)();
  await secrets.azureSecret({ getSecret: note({ value: 'x' }) }, 'openai')();
  expect(asked).toEqual([[{ name: 'v/1' }], ['app', 'prd', 'OPENAI_API_KEY'], ['openai']]);
});
