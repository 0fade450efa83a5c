import { describe, expect, it } from 'vitest';
import type { Guard, ModelPrices, PricesEvent } from '../../../src/index.ts';
import { chat, MODEL, post, startFixture, tokenOf } from '../../fixture.ts';

const money = [{ usd: 1_000, per: 'day' as const }];
const plans = { free: { models: [MODEL, 'gpt-99'], maxOutputTokens: 100, limits: money } };
const price = (input: number, output: number) => ({ tokens: { input, output } });
const prices = { [MODEL]: price(1, 2), 'gpt-99': price(1, 2) };

describe('guard.setPrices', () => {
  it('A call is settled by the prices that it was held with, and the next one by the new ones', async () => {
    await using fixture = await startFixture({ plans, prices });
    const { fake, guard, settled } = fixture;
    const token = await tokenOf(guard);
    const script = { inputTokens: 1_000, tokens: 10, model: 'gpt-99' };
    fake.scriptNext({ ...script, beforeHeaders: 200 });
    const first = post(guard, token, chat());
    await expect.poll(() => fake.requests.length).toBe(1);
    guard.setPrices({ [MODEL]: price(2, 4), 'gpt-99': price(3, 6) });
    await (await first).text();
    await expect.poll(() => settled.length).toBe(1);
    fake.scriptNext(script);
    await (await post(guard, token, chat())).text();
    await expect.poll(() => settled.length).toBe(2);
    expect(settled.map(({ costNanoUsd }) => costNanoUsd)).toEqual([1_020_000, 3_060_000]);
  });

  it('The event "prices" has each rate that changed', async () => {
    await using fixture = await startFixture({ plans, prices });
    const seen: PricesEvent[] = [];
    fixture.guard.on('prices', (event) => void seen.push(event));
    fixture.guard.setPrices({
      ...prices,
      [MODEL]: { tokens: { input: 2, output: 2 }, tiers: { fast: 2 } },
    });
    const [{ changes = [] } = {}] = seen;
    expect(changes).toContainEqual({
      model: MODEL,
      rate: 'standard.input',
      usdBefore: 1,
      usdAfter: 2,
    });
    expect(changes).toContainEqual({
      model: MODEL,
      rate: 'fast.output',
      usdBefore: undefined,
      usdAfter: 4,
    });
    expect(changes.map(({ rate }) => rate)).not.toContain('standard.output');
    expect(changes.every(({ model }) => model === MODEL)).toBe(true);
  });

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['a bad row', { ...prices, other: price(0.000_001, 1) }, '"prices.other.tokens.input"'],
    ['no table', [], '"prices"'],
    ['a circle', { ...prices, a: { like: 'b' }, b: { like: 'a' } }, '"prices.a.like"'],
    [
      'a model of a plan left out',
      { [MODEL]: price(1, 2) },
      'the model "gpt-99" would have no price',
    ],
    [
      'a rise of more than four times',
      { ...prices, 'gpt-99': price(4.1, 2) },
      '"prices.gpt-99": changes standard.input from 1 to 4.1',
    ],
    [
      'a fall of more than four times',
      { ...prices, 'gpt-99': price(1, 0.49) },
      'standard.output from 2 to 0.49',
    ],
    ['a price of nothing', { ...prices, 'gpt-99': price(0, 2) }, 'standard.input from 1 to 0'],
  ];
  it.each(refused)(
    'A table with %s is refused as a whole, and the old one stays',
    async (_, table, message) => {
      await using fixture = await startFixture({ plans, prices });
      const { fake, guard, settled } = fixture;
      const events: unknown[] = [];
      guard.on('prices', (event) => void events.push(event));
      const set = () => guard.setPrices(table as ModelPrices);
      expect(set).toThrow(TypeError);
      expect(set).toThrow(message);
      fake.scriptNext({ inputTokens: 1_000, tokens: 10 });
      await (await post(guard, await tokenOf(guard), chat())).text();
      await expect.poll(() => settled[0]?.costNanoUsd).toBe(1_020_000);
      expect(events).toEqual([]);
    },
  );

  it('A tier that a plan allows may not lose its price', async () => {
    const allow = { serviceTiers: ['flex'] };
    const tiers = { flex: 0.5 };
    await using fixture = await startFixture({
      plans: { free: { models: ['gpt-99'], limits: money, allow } },
      prices: { 'gpt-99': { ...price(1, 2), tiers } },
    });
    const set = () => fixture.guard.setPrices({ 'gpt-99': price(1, 2) });
    expect(set).toThrow('"prices.gpt-99.tiers": must have "flex"');
  });

  it('A price may rise or fall more than four times when its model is confirmed', async () => {
    await using fixture = await startFixture({ plans, prices });
    const set = (confirm: readonly string[]) =>
      setBoth(fixture.guard, { [MODEL]: price(10, 20), 'gpt-99': price(0.1, 0.2) }, confirm);
    expect(() => set([MODEL])).toThrow('"prices.gpt-99"');
    expect(() => set(['gpt-99'])).toThrow(`"prices.${MODEL}"`);
    set([MODEL, 'gpt-99']);
    set([]);
  });

  it('An unknown option throws a TypeError', async () => {
    await using fixture = await startFixture({ plans, prices });
    const set = () => fixture.guard.setPrices(prices, { force: true } as object);
    expect(set).toThrow('"options": has an unknown field "force"');
  });
});

const setBoth = (guard: Guard, table: ModelPrices, confirm: readonly string[]) =>
  guard.setPrices(table, { confirm });
