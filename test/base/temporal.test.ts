import { Temporal } from 'temporal-polyfill';
import { afterEach, describe, expect, it, vi } from 'vitest';

const load = () => {
  vi.resetModules();
  return import('../../src/base/temporal.ts');
};

describe('Temporal', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('Where the runtime has Temporal, calendars use it', async () => {
    const own = { Instant: class {}, PlainDate: class {} };
    vi.stubGlobal('Temporal', own);
    expect(await load()).toMatchObject(own);
  });

  it('Where the runtime has no Temporal, calendars use the polyfill', async () => {
    vi.stubGlobal('Temporal', undefined);
    const { Instant, PlainDate } = Temporal;
    expect(await load()).toMatchObject({ Instant, PlainDate });
  });
});
