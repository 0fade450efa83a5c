import { describe, expect, it } from 'vitest';
import { findEndpoint } from '../../src/openai/endpoints/find-endpoint.ts';
import { notServed, unknownEndpoint } from '../../src/openai/endpoints/not-served.ts';
import { sdkRoutes } from './sdk-routes.ts';

const messageAt = (path: string) => unknownEndpoint(path).message;

describe('A path that is not served', () => {
  it('Each path of the SDK that is not served is named as one that OpenAI has', () => {
    const paths = sdkRoutes().map((route) => route.split(' ')[1] ?? '');
    const unserved = [...new Set(paths)].filter((path) => findEndpoint(path) === undefined);
    expect(unserved.length).toBeGreaterThan(100);
    for (const path of unserved) {
      for (const sent of [path, `/v1${path}`]) {
        expect(messageAt(sent)).toContain(`The guard does not serve "${sent}": `);
        expect(messageAt(sent)).toMatch(/ See docs\/served\.md of guarded-completion\.$/);
      }
    }
  });

  it('Each path of the table is one of the SDK, or has some below it', () => {
    const paths = sdkRoutes().map((route) => route.split(' ')[1] ?? '');
    const listed = notServed.flatMap((group) => group.paths);
    const gone = listed.filter(
      (base) => !paths.some((path) => path === base || path.startsWith(`${base}/`)),
    );
    expect(gone).toEqual([]);
  });

  it.each(['/v1/foo', '/imagesque', '/v1/v1/responses', '/responses/', '/v2/responses', ''])(
    'The path %j, which OpenAI does not have, is answered with the base URL to check',
    (path) => {
      expect(messageAt(path)).toBe(`There is no endpoint at "${path}": check the base URL.`);
    },
  );

  it('A message shows a bounded part of the path, and no character that has a meaning elsewhere', () => {
    const long = messageAt(`/v1/${'x'.repeat(10_000)}`);
    expect(long.length).toBeLessThan(200);
    expect(messageAt('/v1/"><script>\n\u202eé')).toBe(
      'There is no endpoint at "/v1/???script????": check the base URL.',
    );
  });
});
