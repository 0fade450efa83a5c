import OpenAI from 'openai';
import type { ResponseInput } from 'openai/resources/responses/responses';
import { expect, it } from 'vitest';
import { startFixture } from '../../fixture.ts';

const STEPS = 4;
const tools = [
  { type: 'function' as const, name: 'depth', parameters: { type: 'object' }, strict: false },
];

it('Each step is held with all the bytes of its encrypted reasoning, and charged as it is billed', async () => {
  const limits = [{ tokens: 60_000, per: 'day' as const }];
  await using fixture = await startFixture({
    plans: { free: { models: ['gpt-5-mini'], maxOutputTokens: 2_000, limits } },
  });
  const { guard, fake } = fixture;
  const client = new OpenAI({ apiKey: 'unused', fetch: guard.fetchAs('ada'), maxRetries: 0 });
  const input: ResponseInput = [{ role: 'user', content: 'How deep is the sea?' }];
  const held: number[] = [];
  const toolCalls = [{ name: 'depth', arguments: {} }];
  for (let step = 1; step <= STEPS; step += 1) {
    const gate = fake.gate();
    fake.scriptNext({ reasoningTokens: 1_000, toolCalls, beforeHeaders: gate });
    const asked = client.responses.create({ model: 'gpt-5-mini', input, tools });
    await fake.received(step);
    held.push((await guard.users.usage('ada')).limits[0]?.held ?? 0);
    gate.open();
    const { output } = await asked;
    const call = output.find((item) => item.type === 'function_call');
    input.push(...(output as ResponseInput));
    input.push({ type: 'function_call_output', call_id: call?.call_id ?? '', output: '11 km' });
  }
  const bills = fake.invoice.map(({ inputTokens, outputTokens }) => inputTokens + outputTokens);
  for (const [step, bill] of bills.entries()) expect(held[step]).toBeGreaterThanOrEqual(bill);
  // Some 5,000 bytes for the 1,000 tokens of each step before.
  expect(held.at(-1)).toBeLessThan(2_000 + (STEPS - 1) * 7_000);
  const billed = bills.reduce((sum, bill) => sum + bill, 0);
  await expect.poll(async () => (await guard.users.usage('ada')).limits[0]?.used).toBe(billed);
});
