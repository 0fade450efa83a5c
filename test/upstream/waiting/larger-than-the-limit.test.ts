import { expect, it } from 'vitest';
import { createGuardedCompletion } from '../../../src/index.ts';
import { openAI } from '../../../src/upstream/index.ts';
import { limitCounts } from '../../attacks/served.ts';
import { canaries, chat, codeOf, post, startFixture, tokenOf } from '../../fixture.ts';
import { plans } from './full-upstream.ts';

const large = chat({ messages: [{ role: 'user', content: 'a'.repeat(8_000) }] });

it('A call that is larger than the given limit of its upstream is refused at once, with what to shorten', async () => {
  const guard = createGuardedCompletion({
    upstreams: { main: openAI({ apiKey: canaries.apiKey, tpm: 1_000 }) },
    secret: canaries.secret,
    plans: { free: plans.free },
  });
  const answer = await post(guard, await tokenOf(guard), large);
  expect(answer.status).toBe(400);
  expect(answer.headers.get('x-should-retry')).toBe('false');
  const text = await answer.clone().text();
  expect(await codeOf(answer)).toBe('call_exceeds_limit');
  expect(text).toContain('Send less');
  expect(await limitCounts(guard, 'ada')).toEqual({ used: 0, held: 0 });
  await guard.close();
});

it('A call that is larger than the learned limit is refused at once, and never sent', async () => {
  await using fixture = await startFixture(
    { plans: { free: plans.free } },
    { rateLimits: { tokens: 1_000 } },
  );
  const { fake, guard } = fixture;
  const token = await tokenOf(guard);
  expect((await post(guard, token, chat())).status).toBe(200);
  const answer = await post(guard, token, large);
  expect([answer.status, await codeOf(answer)]).toEqual([400, 'call_exceeds_limit']);
  expect(fake.requests).toHaveLength(1);
});
