import { describe, expect, it } from 'vitest';
import { type DenialCode, denialCodes, deny } from '../../src/core/denial.ts';
import type { GuardOptions } from '../../src/index.ts';
import { denialResponse } from '../../src/pipeline/denial-response.ts';
import { incoming } from '../faults/incoming.ts';
import { ownTime } from '../faults/own-time.ts';
import { chat, type Fixture, MODEL, startFixture, tokenOf } from '../fixture.ts';
import { hosts } from '../http/hosts.ts';
import { clients, type WireClient } from './clients.ts';
import type { Json } from './reading-streams.ts';

const TEXT = 'one two three';
const NOW_MS = 1_800_000_000_000;
/** How long openai-kotlin waits for the next byte. It has the shortest timeout of all clients. */
const QUIET_MS = 30_000 - 1_000;
const HOURS_11_MS = 11 * 3_600_000;
const codes = Object.keys(denialCodes) as DenialCode[];

interface Mounted extends Fixture {
  readonly origin: string;
}

/** The guard mounted at `/v1` of a real server, as in an app's backend. */
async function mounted(options: Partial<GuardOptions> = {}): Promise<Mounted> {
  const fixture = await startFixture(options);
  const host = await hosts[0]?.start(fixture.guard, '/v1');
  if (host === undefined) throw new Error('There is no host.');
  return {
    ...fixture,
    origin: host.origin,
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await fixture[Symbol.asyncDispose]();
    },
  };
}

async function ask(client: WireClient, { origin, guard }: Mounted, streamed = false) {
  const { connection, ...headers } = lowered(client.headers(await tokenOf(guard), streamed));
  return fetch(origin + client.path, {
    method: 'POST',
    headers,
    body: JSON.stringify(chat({ ...(streamed && { stream: true }) })),
  });
}

/** Node's fetch manages keep-alive itself and does not accept a connection header. */
function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

interface Choice {
  readonly delta: { readonly content?: string };
  readonly finish_reason: string | null;
}

const choicesOf = (chunks: readonly Json[]): Choice[] =>
  chunks.flatMap(({ choices }) => (choices ?? []) as Choice[]);
const textOf = (chunks: readonly Json[]): string =>
  choicesOf(chunks)
    .map(({ delta }) => delta.content ?? '')
    .join('');
const isFinished = (chunks: readonly Json[]): boolean =>
  choicesOf(chunks).some(({ finish_reason }) => finish_reason !== null);

/** How the end of a stream looks to an app. */
function endingOf({ readStream }: WireClient, text: string): 'end' | 'error' | 'no finish' {
  try {
    return isFinished(readStream(text)) ? 'end' : 'no finish';
  } catch {
    return 'error';
  }
}

function worded(code: DenialCode, resetsAtMs?: number) {
  const more = resetsAtMs === undefined ? {} : { resetsAtMs };
  const answer = denialResponse(deny(code, `It is ${code}.`, more), undefined, NOW_MS);
  return {
    status: answer.status,
    headers: new Headers(answer.headers as Record<string, string>),
    text: String(answer.body),
  };
}

describe.each(clients)('The client $name', (client) => {
  it('The client reads a buffered response, and its organization header is not forwarded', async () => {
    await using fixture = await mounted();
    fixture.fake.scriptNext({ text: TEXT });
    const answer = await ask(client, fixture);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0]?.message.content).toBe(TEXT);
    const [seen] = fixture.fake.requests;
    const sent = seen?.headers.map(([name]) => name.toLowerCase()) ?? [];
    expect(sent).toContain('authorization');
    expect(sent.filter((name) => /^(openai-|x-stainless-)/.test(name))).toEqual([]);
  });

  it('The client reads a stream to its end, across heartbeats', async () => {
    using time = ownTime();
    await using fixture = await mounted({ clock: time.clock });
    const gate = fixture.fake.gate();
    fixture.fake.scriptNext({ text: TEXT, betweenChunks: gate });
    const answer = incoming(await ask(client, fixture, true));
    await answer.until('\n\n');
    time.pass(1_000);
    time.pass(QUIET_MS);
    await answer.until(': keep-alive\n\n');
    gate.open();
    const text = await answer.whole();
    const chunks = client.readStream(text);
    expect(textOf(chunks)).toBe(TEXT);
    expect(isFinished(chunks)).toBe(true);
    for (const { choices } of chunks) expect(choices).toHaveLength(1);
  });

  it.each(['reset', 'eof', 'error-event'] as const)(
    'The client does not take a stream cut by %s for a complete one',
    async (how) => {
      await using fixture = await mounted();
      fixture.fake.scriptNext({ text: TEXT, break: { with: how, afterChunks: 2 } });
      const text = await incoming(await ask(client, fixture, true)).whole();
      expect(text).toContain('"error"');
      expect(endingOf(client, text)).toBe(client.failsSilently ? 'no finish' : 'error');
    },
  );

  it('The client reads every denial', () => {
    for (const code of codes) {
      const { status, headers, text } = worded(code, NOW_MS + HOURS_11_MS);
      const { error } = JSON.parse(text) as { error: Json };
      const truth = { status, ...error, resetsAt: error.resets_at };
      for (const read of [client.readError, client.readStreamError ?? client.readError]) {
        const { exception, ...told } = read(status, headers, text);
        expect(truth).toMatchObject(told);
      }
    }
  });

  it('The client waits at most one minute before it repeats a denied call, even with a reset in 11 hours', () => {
    for (const code of codes) {
      for (const afterMs of [undefined, 0, 30_000, 60_000, 61_000, HOURS_11_MS]) {
        const resetsAtMs = afterMs === undefined ? undefined : NOW_MS + afterMs;
        const { status, headers } = worded(code, resetsAtMs);
        expect(client.sleepSeconds(status, headers), code).toBeLessThanOrEqual(60);
      }
    }
  });

  it('The client reads the reason of a denied call over the wire, buffered and streamed', async () => {
    const limits = [{ requests: 1, per: '24h' }] as const;
    await using fixture = await mounted({ plans: { free: { models: [MODEL], limits } } });
    await (await ask(client, fixture)).text();
    for (const streamed of [false, true]) {
      const answer = await ask(client, fixture, streamed);
      const read = (streamed && client.readStreamError) || client.readError;
      const denied = read(answer.status, answer.headers, await answer.text());
      expect(denied).toMatchObject(
        client.name === 'dart_openai'
          ? { status: 429, message: expect.stringContaining('1 requests') }
          : { code: 'quota_exceeded', resetsAt: expect.any(Number) },
      );
      expect(client.sleepSeconds(answer.status, answer.headers)).toBeLessThanOrEqual(1);
    }
  });
});

it('Only an invalid or expired credential returns 401, which logs a user of openai-kotlin out', () => {
  const logOut = codes.filter((code) => denialCodes[code].status === 401);
  expect(logOut).toEqual(['invalid_credential', 'expired_credential']);
});
