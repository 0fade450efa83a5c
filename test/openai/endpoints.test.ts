import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptors, endpointNames } from '../../src/openai/endpoints/descriptors.ts';
import { findEndpoint } from '../../src/openai/endpoints/find-endpoint.ts';
import { sdkRoutes } from './sdk-routes.ts';

const served = (route: string) => {
  const [method, path = ''] = route.split(' ');
  return findEndpoint(path)?.endpoints.find((endpoint) => endpoint.method === method)?.name;
};

describe('The table of endpoints', () => {
  it('Only the listed routes of the SDK are served, and every other route is rejected', () => {
    const routes = sdkRoutes();
    expect(routes.length).toBeGreaterThan(200);
    expect(routes.filter((route) => served(route) !== undefined).sort()).toEqual([
      'GET /models',
      'GET /models/x1',
      'POST /chat/completions',
      'POST /completions',
      'POST /embeddings',
      'POST /moderations',
      'POST /realtime/client_secrets',
      'POST /responses',
    ]);
  });

  it('The name of an endpoint stands in its own descriptor and, apart from what other hosts take, nowhere else in the code', () => {
    const source = new URL('../../src/', import.meta.url);
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      // They say of each endpoint what other hosts take there.
      (file) =>
        file.endsWith('.ts') &&
        !/^(?:testing|openai\/endpoints|upstream\/dialects|openai\/request\/vendor-fields)\b/.test(
          file,
        ),
    );
    const written = files.flatMap((file) =>
      readFileSync(new URL(file, source), 'utf8')
        .split('\n')
        .filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line))
        .flatMap((line) => endpointNames.filter((name) => line.includes(`'${name}'`)))
        .map((name) => `${file}: ${name}`),
    );
    expect(files.length).toBeGreaterThan(200);
    expect(written).toEqual([]);
  });

  it('Every endpoint is free or has an output cap', () => {
    // One produces no output. The plan states what the other one costs.
    const uncapped = ['embeddings', 'realtime.client_secrets'];
    for (const endpoint of descriptors) {
      if (endpoint.answer !== undefined) continue;
      const isFree = endpoint.bound === undefined && endpoint.fixedBy === undefined;
      const isBounded = endpoint.outputCap !== undefined || uncapped.includes(endpoint.name);
      expect(isFree || isBounded).toBe(true);
    }
  });

  it('A wrong method on a known path is distinguished from an unknown path', () => {
    expect(findEndpoint('/responses')?.endpoints.map(({ method }) => method)).toEqual(['POST']);
    expect(findEndpoint('/files')).toBeUndefined();
  });

  it('Each path is served with and without /v1, and /models/{id} yields the model', () => {
    expect(findEndpoint('/v1/chat/completions')).toBe(findEndpoint('/chat/completions'));
    expect(findEndpoint('/models/ft:gpt-4o-mini:org::id')?.params['model']).toBe(
      'ft:gpt-4o-mini:org::id',
    );
    expect(findEndpoint('/v1/models/gpt-5')?.params['model']).toBe('gpt-5');
  });

  it.each([
    '',
    '/',
    '/v1',
    '/v1/',
    '//v1/responses',
    '/v1//responses',
    '/v1/v1/responses',
    '/responses//',
    '/Responses',
    '/RESPONSES',
    '/./responses',
    '/v1/../responses',
    '/v1/%2e%2e/admin',
    '/v1/.%2e/admin',
    '/%72esponses',
    '/responses%00',
    '/responses\0',
    '/responses%2f',
    '/responses;x=1',
    '/responses?x=1',
    '/responses#x',
    '/responses ',
    ' /responses',
    '\\responses',
    '/v1\\responses',
    '//evil.example/v1/responses',
    'https://evil.example/v1/responses',
    'https://api.openai.com/v1/responses',
    '/models//',
    '/models/..',
    '/models/.',
    '/models/../files',
    '/models/%2e%2e',
    '/models/%252e',
    '/models/gpt%2D5',
    '/models/a/b',
    '/models/a\\b',
    '/models/a\nb',
    '/models/gpt-5\n',
    '/models/é',
    `/models/${'a'.repeat(129)}`,
    '/models/{model}x',
    '/models/{model}',
    '/v2/responses',
    '/responses/compact',
    '/responses/resp_1',
    '/organization/usage/completions',
  ])('The path %j is not served', (path) => {
    expect(findEndpoint(path)).toBeUndefined();
  });

  it('A path that is not spelled as in the table, apart from one slash at its end, is not found', () => {
    const exact =
      /^(\/v1)?\/(chat\/completions|responses|completions|embeddings|moderations|models(\/[A-Za-z0-9][A-Za-z0-9._:-]{0,127})?)\/?$/;
    const piece = fc.constantFrom(
      '/',
      '//',
      'v1',
      'responses',
      'models',
      'chat',
      'completions',
      '..',
      '.',
      '%2e',
      '%2f',
      '\\',
      ';',
      '?',
      '#',
      '\0',
      'gpt-5',
      'é',
      ' ',
      '@evil.example',
      ':80',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = pieces.join('');
        expect(findEndpoint(path) !== undefined).toBe(exact.test(path));
      }),
      { numRuns: 2_000 },
    );
  });
});
