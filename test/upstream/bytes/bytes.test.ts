import { expect, it } from 'vitest';
import { chat, MODEL, post, startFixture, tokenOf } from '../../fixture.ts';
import { type Asked, type Kind, kinds } from './answers.ts';
import { DROPPED, KEPT, rawUpstream } from './raw-upstream.ts';

const requests: Readonly<Record<Asked, { path: string; body: Record<string, unknown> }>> = {
  chat: { path: '/chat/completions', body: chat() },
  stream: { path: '/chat/completions', body: chat({ stream: true }) },
  'stream with usage': {
    path: '/chat/completions',
    body: chat({ stream: true, stream_options: { include_usage: true } }),
  },
  responses: { path: '/responses', body: { model: MODEL, input: 'Hi', stream: true } },
};

interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What arrived of a body, although it may be cut. */
async function see(answer: Response): Promise<Seen> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of answer.body ?? []) pieces.push(piece);
  } catch {
    // Cut: what came before counts.
  }
  return { status: answer.status, headers: answer.headers, text: Buffer.concat(pieces).toString() };
}

/** The same request to the upstream itself, and through the guard. */
async function bothWays({ asked, answer }: Kind): Promise<{ direct: Seen; guarded: Seen }> {
  await using upstream = await rawUpstream(answer);
  const { baseURL } = upstream;
  const plans = { free: { models: [MODEL], maxOutputTokens: 100 } };
  await using fixture = await startFixture({ baseURL, plans, timeouts: { queue: '10ms' } });
  const { path, body } = requests[asked];
  const init = { method: 'POST', body: JSON.stringify(body), redirect: 'manual' } as const;
  const direct = await see(await fetch(`${baseURL}${path}`, init));
  const token = await tokenOf(fixture.guard);
  return { direct, guarded: await see(await post(fixture.guard, token, body, `/v1${path}`)) };
}

function expectHeaders({ headers }: Seen): void {
  for (const [name, value] of Object.entries(KEPT)) expect(headers.get(name)).toBe(value);
  for (const name of [...Object.keys(DROPPED), 'content-encoding', 'location']) {
    expect(headers.get(name)).toBeNull();
  }
}

const ERROR_FRAME = /^(?:event: error\n)?data: \{.*"code":"upstream_failed".*\}\n\n$/;

it.each(kinds)('An answer is the same through the guard as direct: $name', async (kind) => {
  const { direct, guarded } = await bothWays(kind);
  const { shown = (body: string) => body, worded, isBroken } = kind;
  expectHeaders(guarded);
  if (worded !== undefined) {
    expect([guarded.status, JSON.parse(guarded.text).error.code]).toEqual([
      worded.status,
      worded.code,
    ]);
    return;
  }
  expect(guarded.status).toBe(direct.status);
  const expected = shown(direct.text);
  expect(guarded.text.slice(0, expected.length)).toBe(expected);
  const rest = guarded.text.slice(expected.length);
  if (isBroken) expect(rest).toMatch(ERROR_FRAME);
  else expect(rest).toBe('');
});

it('The answers are at least the 57 kinds that are promised', () => {
  expect(new Set(kinds.map(({ name }) => name)).size).toBe(kinds.length);
  expect(kinds.length).toBeGreaterThanOrEqual(57);
});
