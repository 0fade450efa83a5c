import { describe, expect, it } from 'vitest';
import { errorReply } from '../../src/testing/fake-openai/error-replies.ts';
import type { ApiKeySource } from '../../src/upstream/upstream-keys.ts';
import { UpstreamKeys } from '../../src/upstream/upstream-keys.ts';
import { canaries, chat, codeOf, post, startFixture, tokenOf } from '../fixture.ts';

const ada = { id: 'ada' };

/** Whether these answers of a source, one after the other, are several keys. */
async function areSeveral(...answers: Awaited<ReturnType<ApiKeySource>>[]): Promise<boolean> {
  const left = [...answers];
  const keys = new UpstreamKeys(() => left.shift() ?? '', {}, 1_000);
  for (const _ of answers) await keys.keyFor(ada, 'free');
  return keys.areSeveral;
}

describe('The keys of one source', () => {
  it('are one key if each replaces the one before', async () => {
    expect(await areSeveral('sk-a', 'sk-a', 'sk-b', 'sk-b', 'sk-c')).toBe(false);
  });

  it('are several if they come in turn', async () => {
    expect(await areSeveral('sk-a', 'sk-b', 'sk-a')).toBe(true);
  });

  it('are several if one key is used for several projects in turn', async () => {
    const of = (project: string) => ({ key: 'sk-a', project });
    expect(await areSeveral(of('one'), of('one'))).toBe(false);
    expect(await areSeveral(of('one'), of('two'), of('one'))).toBe(true);
  });

  it('are one if a refused key is replaced for one call', async () => {
    const keys = new UpstreamKeys(
      (_user, { refused }) => (refused === undefined ? 'sk-a' : 'sk-b'),
      {},
      1_000,
    );
    for (const _ of [1, 2, 3]) await keys.keyAfter(await keys.keyFor(ada, 'free'), ada, 'free');
    expect(keys.areSeveral).toBe(false);
  });
});

describe('An upstream with a key for each user', () => {
  it('pauses for no other user when one of them is refused for their rate', async () => {
    const apiKey = ({ id }: { readonly id: string }) => ({
      key: canaries.apiKey,
      project: `proj_of_${id}`,
    });
    await using fixture = await startFixture({ apiKey });
    const { fake, guard } = fixture;
    const ask = async (user: string) => post(guard, await tokenOf(guard, user), chat());
    for (const user of ['ada', 'bob', 'ada']) expect((await ask(user)).status).toBe(200);
    fake.scriptNext({ reply: errorReply(429, 'requests', 'rate_limit_exceeded', 'Slow down.') });
    const refused = await ask('ada');
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'upstream_busy']);
    const other = await ask('bob');
    expect([other.status, other.headers.get('x-guard-waited-ms')]).toEqual([200, null]);
  });
});
