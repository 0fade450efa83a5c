import { describe, expect, it } from 'vitest';
import { codeOf, MODEL, post, startFixture, tokenOf } from '../fixture.ts';
import { nextSettled } from './served.ts';
import { spiedLedger } from './spied-ledger.ts';

const response = (more: Record<string, unknown>) => ({
  model: MODEL,
  input: 'Look it up.',
  ...more,
});
const hosted = [
  { type: 'web_search' },
  { type: 'web_search_preview' },
  { type: 'web_search_2025_08_26' },
  { type: 'file_search', vector_store_ids: ['vs_1'] },
  { type: 'code_interpreter', container: { type: 'auto' } },
  { type: 'code_interpreter', container: 'cntr_1' },
  { type: 'image_generation' },
  { type: 'computer_use_preview' },
  { type: 'shell' },
  { type: 'mcp', server_label: 'x', server_url: 'https://evil.test' },
  { type: 'mcp', server_label: 'x', connector_id: 'connector_gmail' },
  { type: 'a_tool_of_tomorrow' },
];

describe('A hosted tool, whose fee no usage shows', () => {
  it.each(hosted)('A hosted tool that no plan enables is rejected: $type (%#)', async (tool) => {
    await using fixture = await startFixture();
    const { guard, fake } = fixture;
    const token = await tokenOf(guard);
    const smuggled = { type: 'additional_tools', role: 'developer', tools: [tool] };
    for (const body of [response({ tools: [tool] }), response({ input: [smuggled] })]) {
      const answer = await post(guard, token, body, '/v1/responses');
      expect([answer.status, await codeOf(answer)]).toEqual([400, 'parameter_not_allowed']);
    }
    expect(fake.requests).toEqual([]);
  });

  it('The chat option web_search_options is rejected', async () => {
    await using fixture = await startFixture();
    const body = { model: MODEL, messages: [], web_search_options: {} };
    const answer = await post(fixture.guard, await tokenOf(fixture.guard), body);
    expect(answer.status).toBe(400);
  });

  it.each([0, 1, 3])('A web search holds 3 calls and is charged for %i', async (webSearches) => {
    const web_search = { usdPerCall: 0.01, maxCalls: 3, inputTokensPerCall: 2_000 };
    const free = {
      models: [MODEL],
      maxOutputTokens: 100,
      limits: [{ usd: 100, per: 'day' as const }],
      allow: { hostedTools: { web_search } },
    };
    const ledger = spiedLedger();
    await using fixture = await startFixture({ plans: { free }, ledger });
    const { fake, guard } = fixture;
    fake.scriptNext({ webSearches });
    const settled = nextSettled(guard, 'ada');
    const body = response({ tools: [{ type: 'web_search' }] });
    await (await post(guard, await tokenOf(guard), body, '/v1/responses')).text();
    const { costNanoUsd } = await settled;
    const [line] = fake.invoice;
    expect(fake.requests[0]?.body).toMatchObject({ max_tool_calls: 3 });
    expect(costNanoUsd).toBeGreaterThanOrEqual(webSearches * 0.01 * 1e9);
    expect(costNanoUsd / 1e9).toBeCloseTo(line?.costUsd ?? Number.NaN, 8);
    expect(ledger.reserved[0]?.held.nanoUsd).toBeGreaterThanOrEqual(0.03 * 1e9);
    expect(ledger.reserved[0]?.held.nanoUsd).toBeGreaterThanOrEqual(costNanoUsd);
  });
});
