import { describe, expect, it } from 'vitest';
import { nanoUsdUp } from '../../../src/base/money.ts';
import { PriceTable } from '../../../src/openai/prices/prices.ts';
import { costNanoUsd } from '../../../src/openai/prices/rate-card.ts';
import { fakeOpenAI } from '../../../src/testing/fake-openai/fake-openai.ts';
import { callHost, END_USER, type HostAnswer } from './host-call.ts';
import { type HostUnderTest, hostsUnderTest } from './hosts-under-test.ts';

const CAP = 50;
const capped = { max_tokens: CAP };
const greedy = { adversary: 'max', cachedInputTokens: 2 } as const;

async function dialectOf(host: HostUnderTest) {
  await using fake = await fakeOpenAI({ dialect: host.dialect });
  return host.specFor(fake).dialect;
}

/** The model that is billed costs what the invoice says, to a nano-dollar. */
async function expectInvoiced(host: HostUnderTest, { reading, line }: HostAnswer): Promise<void> {
  const dialect = await dialectOf(host);
  const model = dialect.billedModel === 'sent' ? host.model : reading?.model;
  const card = new PriceTable(new Map(), new Date()).findAt(model ?? '', dialect.priceProvider);
  expect(card !== undefined).toBe(host.isPriced);
  if (card === undefined || reading === undefined || line?.costUsd === undefined) return;
  const charged = dialect.reportsCost
    ? reading.reportedNanoUsd
    : costNanoUsd(card, reading.usage, reading.serviceTier);
  // DeepSeek is cheaper at night; the guard charges its dearest hour.
  if (host.dialect === 'deepseek') {
    expect(charged).toBeGreaterThanOrEqual(nanoUsdUp(line.costUsd) - 1);
  } else expect(Math.abs((charged ?? 0) - line.costUsd * 1e9)).toBeLessThan(1.01);
}

describe.each(hostsUnderTest)('$title', (host) => {
  const withResponses = !['Azure, classic', 'Gemini'].includes(host.title);
  const endpoints = withResponses ? ['chat.completions', 'responses'] : ['chat.completions'];

  describe.each(endpoints)('a call of %s', (endpoint) => {
    const cap = endpoint === 'responses' ? { max_output_tokens: CAP } : capped;

    it.each([false, true])('writes no more than its cap, streamed: %s', async (stream) => {
      const body = { ...cap, stream };
      const { status, reading, isWhole, line } = await callHost(host, {
        endpoint,
        body,
        script: greedy,
      });
      expect(status).toBe(200);
      expect(line?.outputTokens).toBe(CAP);
      expect(reading?.usage).toMatchObject({
        inputTokens: line?.inputTokens,
        outputTokens: CAP,
      });
      expect(isWhole).toBe(true);
    });

    it.each([false, true])('costs what is on the invoice, streamed: %s', async (stream) => {
      // Gemini's endpoint does not tell what it had cached, so the guard charges all of the input.
      const known = host.dialect === 'gemini' ? { cachedInputTokens: 0 } : {};
      const script = {
        ...greedy,
        ...known,
        ...(host.dialect !== 'xai' && { reasoningTokens: 7 }),
      };
      const answer = await callHost(host, { endpoint, body: { ...cap, stream }, script });
      expect(answer.reading?.usage.outputTokens).toBe(answer.line?.outputTokens);
      expect(answer.reading?.doubts ?? []).toEqual(
        host.dialect === 'gemini' && endpoint === 'chat.completions' ? ['total_above_parts'] : [],
      );
      await expectInvoiced(host, answer);
    });
  });

  it('gets the end-user id where it reads one', async () => {
    const { line, seen } = await callHost(host, { body: capped });
    const { endpoints } = await dialectOf(host);
    const own = endpoints.get('chat.completions')?.own;
    const isTaken = own === undefined || own.endUser !== undefined;
    expect(seen.bodyText.includes(END_USER)).toBe(isTaken);
    const read = line?.user ?? line?.safetyIdentifier;
    expect(read).toBe(isTaken ? END_USER : undefined);
  });

  it('says why it refuses a request, in a form that is read', async () => {
    const { status, error, line } = await callHost(host, { body: capped, models: ['another'] });
    expect(status).toBe(404);
    expect(error?.message).toContain('does not exist');
    expect(line).toBeUndefined();
  });
});

describe('a request as OpenAI gets it', () => {
  const hostOf = (title: string) => {
    const host = hostsUnderTest.find((one) => one.title === title);
    if (host === undefined) throw new Error(title);
    return host;
  };

  it.each(['DeepSeek', 'Ollama'])('would be answered without a cap by %s', async (title) => {
    const body = { body: capped, script: greedy, unchanged: true } as const;
    expect((await callHost(hostOf(title), body)).line?.outputTokens).toBe(5_000);
  });

  it.each(['Groq', 'Mistral', 'Gemini', 'Azure, classic'])(
    'would be refused by %s',
    async (title) => {
      const { status } = await callHost(hostOf(title), { body: capped, unchanged: true });
      expect(status).toBeGreaterThanOrEqual(400);
    },
  );
});
