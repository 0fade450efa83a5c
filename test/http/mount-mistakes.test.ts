import { describe, expect, it } from 'vitest';
import { guardExpress } from '../../src/http/express.ts';
import { guardFastify } from '../../src/http/fastify.ts';
import { guardHono } from '../../src/http/hono.ts';
import { guardKoa } from '../../src/http/koa.ts';
import { guardNext } from '../../src/http/next.ts';
import { toNodeHandler } from '../../src/index.ts';

const adapters = { guardExpress, guardFastify, guardHono, guardKoa, guardNext, toNodeHandler };
type Mount = (guard: unknown, options?: unknown) => unknown;

const notGuards: readonly (readonly [string, unknown, string])[] = [
  ['undefined', undefined, 'but it is undefined: is it exported where it is imported from?'],
  ['null', null, 'but it is null'],
  ['a promise', Promise.resolve(), 'but it is a promise: did you forget "await"?'],
  ['the options of a guard', { apiKey: 'sk-example' }, 'but it is a value of the type "object"'],
];
const ofAFunction = ['a function', () => {}, 'but it is a value of the type "function"'] as const;

describe.each(Object.entries(adapters))('%s', (name, adapter) => {
  // A function that returns the guard is right there.
  const mistakes = adapter === guardNext ? notGuards : [...notGuards, ofAFunction];
  it.each(mistakes)('Mounting %s throws a TypeError that names the mistake', (_, guard, why) => {
    const mount = () => (adapter as Mount)(guard);
    expect(mount).toThrow(TypeError);
    expect(mount).toThrow(`"${name}": the first argument must be a guard`);
    expect(mount).toThrow(why);
  });
});

it.each(notGuards)(
  'guardNext rejects a request for which its function returns %s',
  async (_, guard, why) => {
    const { GET } = guardNext(() => guard as never);
    const asking = GET(new Request('http://app.test/v1/models'), { params: Promise.resolve({}) });
    await expect(asking).rejects.toThrow(why);
  },
);

describe.each(Object.entries({ guardKoa, toNodeHandler }))('The prefix of %s', (name, adapter) => {
  it.each(['v1', '/v1/*', '/:version', 'https://app.test/v1', 1, null])(
    'The prefix %j throws a TypeError that says how one is written',
    (prefix) => {
      const mount = () => (adapter as Mount)({ serve: () => {}, handler: () => {} }, { prefix });
      expect(mount).toThrow(TypeError);
      expect(mount).toThrow(`"${name}.prefix": must be a path that begins with "/"`);
    },
  );

  it.each(['', '/', '/v1', '/v1/', '/deep/mount'])('The prefix %j is one', (prefix) => {
    expect(() => (adapter as Mount)({ serve: () => {} }, { prefix })).not.toThrow();
  });
});
