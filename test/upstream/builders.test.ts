import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  azureOpenAI,
  openAI,
  openAICompatible,
  openRouter,
  type UpstreamSpec,
} from '../../src/upstream/index.ts';
import { UpstreamKeys } from '../../src/upstream/upstream-keys.ts';
import { pathsOf } from '../../src/upstream/upstream-spec.ts';

const KEY = 'sk-secret-0123456789abcdef0123456789';
const ada = { id: 'ada' };
const azure = 'https://my.openai.azure.com';
const mistral = { baseURL: 'https://api.mistral.ai/v1', dialect: 'mistral' } as const;

const keysOf = ({ keySource, headers, keyHeader }: UpstreamSpec) =>
  new UpstreamKeys(keySource, headers, 1_000, keyHeader);
const headersOf = async (spec: UpstreamSpec) => (await keysOf(spec).keyFor(ada, 'free')).headers;
const urlOf = (spec: UpstreamSpec, path = '/chat/completions', model = 'gpt-5-mini') =>
  spec.baseURL + pathsOf(spec)(path, model);

const specs: readonly (readonly [name: string, spec: UpstreamSpec])[] = [
  ['openAI', openAI({ apiKey: KEY, project: 'proj_1' })],
  ['azureOpenAI', azureOpenAI({ endpoint: azure, apiKey: KEY })],
  ['openRouter', openRouter({ apiKey: KEY })],
  ['openAICompatible', openAICompatible({ ...mistral, apiKey: KEY, headers: { 'x-key': KEY } })],
];

describe.each(specs)('%s', (_name, spec) => {
  it('shows its key in no printout, no JSON and no enumeration', () => {
    for (const text of [inspect(spec, { depth: 10 }), JSON.stringify(spec), String(spec)]) {
      expect(text).not.toContain(KEY);
    }
    expect(Object.values({ ...spec })).not.toContain(KEY);
  });

  it('is frozen', () => {
    expect(Object.isFrozen(spec)).toBe(true);
    expect(() => Object.assign(spec, { baseURL: 'https://evil.example' })).toThrow(TypeError);
  });

  it('has the defaults of every upstream', () => {
    expect(spec).toMatchObject({ weight: 1, capacity: true, hasFixedKey: true });
    expect(spec).not.toHaveProperty('rpm');
    expect(spec).not.toHaveProperty('models');
  });
});

describe('where a call goes, and with which headers', () => {
  it('openAI sends a bearer key, its project and its organization', async () => {
    const spec = openAI({ apiKey: KEY, project: 'proj_1', organization: 'org-1' });
    expect(urlOf(spec)).toBe('https://api.openai.com/v1/chat/completions');
    expect(await headersOf(spec)).toEqual({
      authorization: `Bearer ${KEY}`,
      'openai-project': 'proj_1',
      'openai-organization': 'org-1',
    });
  });

  it('azureOpenAI calls the v1 paths with the header api-key', async () => {
    const spec = azureOpenAI({ endpoint: `${azure}/`, apiKey: KEY });
    expect(urlOf(spec)).toBe(`${azure}/openai/v1/chat/completions`);
    expect(await headersOf(spec)).toEqual({ 'api-key': KEY });
  });

  it('azureOpenAI calls the classic paths by deployment, with a version', () => {
    const spec = azureOpenAI({ endpoint: azure, apiKey: KEY, paths: 'classic' });
    expect(urlOf(spec, '/embeddings', 'my deployment')).toBe(
      `${azure}/openai/deployments/my%20deployment/embeddings?api-version=2025-04-01-preview`,
    );
  });

  it('azureOpenAI sends the version that it is given', () => {
    const spec = azureOpenAI({ endpoint: azure, apiKey: KEY, apiVersion: 'preview' });
    expect(urlOf(spec)).toBe(`${azure}/openai/v1/chat/completions?api-version=preview`);
  });

  it('azureOpenAI asks for a token of Entra ID at each call', async () => {
    let asked = 0;
    const spec = azureOpenAI({ endpoint: azure, token: async () => `token-${++asked}` });
    expect(spec.hasFixedKey).toBe(false);
    const keys = keysOf(spec);
    expect((await keys.keyFor(ada, 'free')).headers).toEqual({ authorization: 'Bearer token-1' });
    expect((await keys.keyFor(ada, 'free')).headers).toEqual({ authorization: 'Bearer token-2' });
  });

  it('openRouter sends the names of the app', async () => {
    const spec = openRouter({ apiKey: KEY, referer: 'https://app.example', title: 'My app' });
    expect(urlOf(spec)).toBe('https://openrouter.ai/api/v1/chat/completions');
    expect(await headersOf(spec)).toMatchObject({
      'http-referer': 'https://app.example',
      'x-title': 'My app',
    });
  });

  it('openAICompatible keeps the query of its base URL, and adds its own', () => {
    const spec = openAICompatible({
      baseURL: 'https://gateway.example/v1/?api-version=1&a=%26',
      dialect: 'openai',
      query: { b: '2' },
    });
    expect(urlOf(spec)).toBe('https://gateway.example/v1/chat/completions?api-version=1&a=%26&b=2');
  });

  it('openAICompatible sends headers for a gateway, and no key without one', async () => {
    const headers = { 'X-Portkey-Provider': 'mistral-ai' };
    expect(await headersOf(openAICompatible({ ...mistral, headers }))).toEqual({
      'x-portkey-provider': 'mistral-ai',
    });
  });

  it('an upstream without a key repeats its texts unchanged', async () => {
    const { redaction } = await keysOf(openAICompatible(mistral)).keyFor(ada, 'free');
    expect(redaction.error('no such model')).toBe('no such model');
    expect(redaction.has('no such model')).toBe(false);
  });

  it('an upstream without a key has no other key', async () => {
    const keys = keysOf(openAICompatible(mistral));
    const key = await keys.keyFor(ada, 'free');
    expect(await keys.keyAfter(key, ada, 'free')).toBeUndefined();
  });
});

/** Options as JavaScript, a cast or a missing environment variable gives them. */
const wrong: readonly (readonly [names: string, make: () => unknown])[] = [
  ['"openAI.apiKey"', () => openAI({ apiKey: undefined })],
  ['"openAI.apiKey"', () => openAI({ apiKey: '' })],
  ['"openAI.baseURL"', () => openAI({ apiKey: KEY, baseURL: 'ftp://x.example' })],
  ['"openAI.baseURL"', () => openAI({ apiKey: KEY, baseURL: 'https://a:b@x.example' })],
  ['"openAI.project"', () => openAI({ apiKey: KEY, project: 'a\r\nb: c' })],
  ['"openAI.rpm"', () => openAI({ apiKey: KEY, rpm: 0 })],
  ['"openAI.weight"', () => openAI({ apiKey: KEY, weight: 0 })],
  ['"openAI.models"', () => openAI({ apiKey: KEY, models: [] })],
  ['"azureOpenAI.apiKey"', () => azureOpenAI({ endpoint: azure })],
  ['"azureOpenAI.apiKey"', () => azureOpenAI({ endpoint: azure, apiKey: KEY, token: KEY })],
  ['"azureOpenAI.apiKey"', () => azureOpenAI({ endpoint: azure, apiKey: undefined })],
  ['"azureOpenAI.token"', () => azureOpenAI({ endpoint: azure, token: undefined })],
  [
    '"azureOpenAI.apiVersion"',
    () => azureOpenAI({ endpoint: azure, apiKey: KEY, apiVersion: 'a&b=c' }),
  ],
  ['"openRouter.title"', () => openRouter({ apiKey: KEY, title: 'é' })],
  ['"openAICompatible.apiKey"', () => openAICompatible({ ...mistral, apiKey: undefined })],
  [
    '"openAICompatible.dialect"',
    () => openAICompatible({ ...mistral, dialect: 'anthropic' as 'openai' }),
  ],
  ...['Authorization', 'api-key', 'content-type', 'Host', 'user-agent', 'bad name', 'x:y'].map(
    (name) =>
      [
        '"openAICompatible.headers"',
        () => openAICompatible({ ...mistral, headers: { [name]: 'x' } }),
      ] as const,
  ),
  ...['', ' x', 'x ', 'a\nb', 'ä'].map(
    (value) =>
      [
        '"openAICompatible.headers.x-a"',
        () => openAICompatible({ ...mistral, headers: { 'x-a': value } }),
      ] as const,
  ),
];

describe('a wrong option', () => {
  it.each(wrong)('throws a TypeError that names %s', (name, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(name);
  });
});
