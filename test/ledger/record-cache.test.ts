import { describe, expect, it } from 'vitest';
import { RecordCache } from '../../src/ledger/record-cache.ts';
import { ANY_KEY, type Records, type StoredRecord } from '../../src/ledger/records.ts';

/** Records whose reads end, and whose changes are notified, when the test says so. */
function setUp() {
  const reads: ((record: StoredRecord | undefined) => void)[] = [];
  let notify: Parameters<Records['watch']>[0] = () => {};
  const changes: (string | undefined)[] = [];
  const cache = new RecordCache({
    records: {
      get: () => new Promise((resolve) => reads.push(resolve)),
      put: async () => true,
      delete: async () => true,
      list: async () => ({ records: [], next: undefined }),
      watch(listener) {
        notify = listener;
        return () => {};
      },
    },
    prefix: 'user:',
    max: 10,
    parse: (json) => ({ json }),
    onChange: (id) => changes.push(id),
  });
  const end = (version: number) =>
    reads.shift()?.(version === 0 ? undefined : { value: `${version}`, version });
  const read = async (version: number) => {
    const value = cache.read('ada');
    end(version);
    return value;
  };
  return {
    cache,
    changes,
    read,
    end,
    notify: (...args: Parameters<typeof notify>) => notify(...args),
  };
}

describe('The cache of records', () => {
  it.each([1, 2])(
    'A late notice of version %i, which the read had seen, drops nothing',
    async (version) => {
      const { cache, changes, read, notify } = setUp();
      await read(2);
      notify('user:ada', version);
      expect([cache.known('ada'), changes]).toEqual([{ json: '2' }, ['ada']]);
    },
  );

  it.each([
    ['a later version', 'user:ada', 3],
    ['a deletion', 'user:ada', undefined],
    ['any key', ANY_KEY, undefined],
  ])('A notice of %s drops the value', async (_, key, version) => {
    const { cache, read, notify } = setUp();
    await read(2);
    notify(key, version);
    expect(cache.known('ada')).toBeUndefined();
  });

  it('A notice of a first version drops the knowledge that there is no record', async () => {
    const { cache, read, notify } = setUp();
    await read(0);
    expect(cache.known('ada')).toEqual({ json: undefined });
    notify('user:ada', 1);
    expect(cache.known('ada')).toBeUndefined();
  });

  it.each([
    ['the same record, which it has not seen', 'user:ada', 3, false],
    ['the same record, which it has seen', 'user:ada', 2, true],
    ['the same record, which was deleted', 'user:ada', undefined, false],
    ['any record', ANY_KEY, undefined, false],
    ['another record', 'user:bob', undefined, true],
    ['a record of another kind', 'token:ada', undefined, true],
  ])('A read during a change of %s is kept or not (%#)', async (_, key, version, isKept) => {
    const { cache, end, notify } = setUp();
    const value = cache.read('ada');
    notify(key, version);
    end(2);
    expect(await value).toEqual({ json: '2' });
    expect(cache.known('ada') !== undefined).toBe(isKept);
  });
});
