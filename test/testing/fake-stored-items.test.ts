import OpenAI from 'openai';
import type { ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses';
import { describe, expect, it } from 'vitest';
import { type FakeOpenAI, fakeOpenAI } from '../../src/testing/fake-openai/fake-openai.ts';

const question = { model: 'gpt-5-mini', input: 'How deep is the sea?' };
const call = { reasoningTokens: 30, toolCalls: [{ name: 'depth', arguments: {} }] };
const include: ResponseCreateParamsNonStreaming['include'] = ['reasoning.encrypted_content'];

const clientOf = ({ baseURL }: FakeOpenAI) =>
  new OpenAI({ baseURL, apiKey: 'sk-test', maxRetries: 0 });

/** The first step of a tool loop, and the input of the second one. */
async function firstStep(fake: FakeOpenAI, more: object = {}) {
  fake.scriptNext(call);
  const { id, output } = await clientOf(fake).responses.create({ ...question, ...more });
  const [reasoning, called] = output;
  if (reasoning?.type !== 'reasoning' || called?.type !== 'function_call') throw new Error(id);
  const result = {
    type: 'function_call_output' as const,
    call_id: called.call_id,
    output: '11 km',
  };
  return { id, reasoning, called, result };
}

const notFound = (id: string) =>
  `404 Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`;

describe('The fake keeps responses as OpenAI does', () => {
  it('Ids stand for items that were stored, and these are billed as input', async () => {
    await using fake = await fakeOpenAI();
    const { responses } = clientOf(fake);
    const { id, reasoning, called, result } = await firstStep(fake);
    const refer = (item: { id?: string | null | undefined }) => ({
      type: 'item_reference' as const,
      id: String(item.id),
    });
    const named = await responses.create({
      ...question,
      input: [refer(reasoning), refer(called), result],
    });
    const whole = await responses.create({ ...question, input: [reasoning, called, result] });
    const bare = { id: reasoning.id } as never;
    await responses.create({ ...question, input: [bare, called, result] });
    expect(named.usage?.input_tokens).toBe(whole.usage?.input_tokens);
    const continued = await responses.create({
      ...question,
      input: [result],
      previous_response_id: id,
    });
    expect(continued.usage?.input_tokens).toBeGreaterThan(whole.usage?.input_tokens ?? 0);
  });

  it('An id of what was not stored is answered as OpenAI answers it', async () => {
    await using fake = await fakeOpenAI();
    const { responses } = clientOf(fake);
    const { id, reasoning, called, result } = await firstStep(fake, { store: false });
    for (const first of [reasoning, { type: 'item_reference' as const, id: reasoning.id }]) {
      const asked = responses.create({ ...question, input: [first, called, result] });
      await expect(asked).rejects.toThrow(notFound(reasoning.id));
    }
    const continued = responses.create({ ...question, previous_response_id: id });
    await expect(continued).rejects.toThrow(`400 Previous response with id '${id}' not found.`);
  });

  it('Encrypted reasoning stands for itself', async () => {
    await using fake = await fakeOpenAI();
    const { reasoning, called, result } = await firstStep(fake, { store: false, include });
    expect(reasoning.encrypted_content).toMatch(/^gAAAA/);
    const input = [reasoning, called, result];
    const { status } = await clientOf(fake).responses.create({ ...question, input, store: false });
    expect(status).toBe('completed');
  });

  it.each(['gpt-4o', 'gpt-4.1-mini-2025-04-14', 'gpt-5-chat-latest'])(
    '%s has no reasoning to encrypt',
    async (model) => {
      await using fake = await fakeOpenAI();
      const asked = clientOf(fake).responses.create({ ...question, model, include });
      await expect(asked).rejects.toMatchObject({
        status: 400,
        param: 'include',
        error: { message: 'Encrypted content is not supported with this model.' },
      });
    },
  );

  it('A call of a function without its output is refused, and an output without its call', async () => {
    await using fake = await fakeOpenAI();
    const { responses } = clientOf(fake);
    const { reasoning, called, result } = await firstStep(fake);
    const open = responses.create({ ...question, input: [reasoning, called] });
    await expect(open).rejects.toThrow(`400 No tool output found for function call`);
    const lone = responses.create({ ...question, input: [result] });
    await expect(lone).rejects.toThrow(`400 No tool call found for function call output`);
  });
});
