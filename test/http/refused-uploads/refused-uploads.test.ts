import { describe, expect, it } from 'vitest';
import { answersOf, countAnswers, readers, startRefusing } from './refusals.ts';
import { PREFIX } from './sending.ts';

const RUN = { sizes: [1_000, 600_000], times: 2 };

describe.each(readers)('A refused upload on $name', ({ start }) => {
  it('A client that is refused while it still sends gets its answer', async () => {
    await using fixture = await startRefusing();
    await using host = await start(fixture.guard, PREFIX);
    const answers = await countAnswers(host.port, fixture, RUN);
    expect(answers).toEqual({ answered: answersOf(RUN) });
    expect(fixture.fake.requests).toEqual([]);
  });
});
