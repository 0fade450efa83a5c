import { describe, expect, it } from 'vitest';
import { startFixture } from '../fixture.ts';
import { png } from '../openai/media/images.ts';
import { read } from './markdown.ts';

const PAGE = 'docs/sizing-limits.md';

interface Call {
  readonly what: string;
  readonly model: string;
  /** Without it, the plan has no `maxOutputTokens`. */
  readonly cap?: number;
  readonly content: unknown;
}

const SENTENCE = 'The sea is deep, and its floor is mostly unknown to us. ';
/** A text of so many bytes. */
const english = (bytes: number) =>
  SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes);
const url = `data:image/png;base64,${png(1024, 1024).toString('base64')}`;
const image = { type: 'image_url', image_url: { url, detail: 'high' } };

const calls: readonly Call[] = [
  { what: 'a question of 200 characters', model: 'gpt-5-mini', cap: 1_000, content: english(200) },
  { what: 'the same', model: 'gpt-5-mini', content: english(200) },
  { what: 'a page, 3,000 characters', model: 'gpt-5-mini', cap: 1_000, content: english(3_000) },
  {
    what: '2,000 Chinese characters',
    model: 'gpt-5-mini',
    cap: 1_000,
    content: '海'.repeat(2_000),
  },
  {
    what: 'ten pages, 30,000 characters',
    model: 'gpt-5-mini',
    cap: 4_096,
    content: english(30_000),
  },
  { what: 'the same', model: 'gpt-5', cap: 4_096, content: english(30_000) },
  {
    what: 'a photo of 1024 × 1024 and a question of 200 characters',
    model: 'gpt-5-mini',
    cap: 1_000,
    content: [{ type: 'text', text: english(200) }, image],
  },
];

/** What a call holds of a limit of tokens and of money while its answer is awaited. */
async function heldBy({ model, cap, content }: Call): Promise<{ tokens: number; usd: number }> {
  await using fixture = await startFixture({
    plans: {
      free: {
        models: [model],
        ...(cap === undefined ? {} : { maxOutputTokens: cap }),
        limits: [
          { tokens: 1_000_000_000, per: 'day' },
          { usd: 1_000, per: 'day' },
        ],
        allow: { images: {} },
      },
    },
  });
  const { fake, guard } = fixture;
  const gate = fake.gate();
  fake.scriptNext({ beforeHeaders: gate });
  const body = { model, messages: [{ role: 'user', content }] };
  const answer = guard.fetchAs('ada')('http://app.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await Promise.race([gate.arrived(), answer]);
  const { limits } = await guard.users.usage('ada');
  gate.open();
  await (await answer).text();
  return { tokens: limits[0]?.held ?? 0, usd: limits[1]?.held ?? 0 };
}

/** At least five holds, rounded up to two digits. */
function atLeast(held: number): number {
  const step = 10 ** (Math.floor(Math.log10(5 * held)) - 1);
  return Number((Math.ceil((5 * held) / step - 1e-9) * step).toPrecision(2));
}

const dollars = (usd: number) => `$${usd.toFixed(4)}`;

async function rowOf(call: Call): Promise<string> {
  const { tokens, usd } = await heldBy(call);
  const [held, tokenLimit] = [tokens, atLeast(tokens)].map((count) => count.toLocaleString('en'));
  const cap = call.cap?.toLocaleString('en') ?? 'none: 16,384';
  const cells = [
    call.what,
    `\`${call.model}\``,
    cap,
    held,
    tokenLimit,
    dollars(usd),
    `$${atLeast(usd)}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

describe(PAGE, () => {
  it(`${PAGE} has what calls hold, as the guard computes it`, async () => {
    const rows: string[] = [];
    for (const call of calls) rows.push(await rowOf(call));
    const table = read(PAGE).split('<!-- holds -->\n')[1] ?? '';
    expect(table.split('\n').slice(2, 2 + rows.length)).toEqual(rows);
  });
});
