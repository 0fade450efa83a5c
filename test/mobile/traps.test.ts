import { describe, expect, it } from 'vitest';
import { clients } from './clients.ts';

const CHUNK = '{"id":"1","created":1,"model":"m","choices":[{"delta":{"content":"one"}}]}';
const ERROR = '{"error":{"message":"No.","type":"t","param":null,"code":"c"}}';

interface Trap {
  readonly trap: string;
  readonly text: string;
  readonly caught: readonly string[];
}

/** Streams that break some clients and that the guard never sends. The readers must detect them. */
const streams: readonly Trap[] = [
  { trap: 'an end without its space', text: 'data:[DONE]\n\n', caught: ['openai-kotlin'] },
  {
    trap: 'JSON on two lines of data',
    text: `data: ${CHUNK.replace(',"model"', '\ndata: ,"model"')}\n\n`,
    caught: ['openai_dart 0.6', 'dart_openai', 'openai-kotlin'],
  },
  { trap: 'an event with a name', text: `event: x\ndata: ${CHUNK}\n\n`, caught: ['MacPaw/OpenAI'] },
  {
    trap: 'a chunk without its choices',
    text: 'data: {"id":"1","created":1,"model":"m"}\n\n',
    caught: ['dart_openai', 'MacPaw/OpenAI', 'openai-kotlin'],
  },
  {
    trap: 'an error outside an event',
    text: `data: ${CHUNK}\n\n${ERROR}\n`,
    caught: ['dart_openai'],
  },
];

const denials: readonly Trap[] = [
  {
    trap: 'plain text',
    text: 'Too many requests',
    caught: ['openai_dart 0.6', 'dart_openai', 'MacPaw/OpenAI', 'openai-kotlin'],
  },
  {
    trap: 'a code that is a number',
    text: ERROR.replace('"c"', '429'),
    caught: ['MacPaw/OpenAI', 'openai-kotlin'],
  },
];

const throwers = (run: (client: (typeof clients)[number]) => unknown): string[] =>
  clients.filter((client) => throws(() => run(client))).map(({ name }) => name);

function throws(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}

describe('The readers of mobile clients', () => {
  it.each(streams)('The readers fail on a stream with $trap', ({ text, caught }) => {
    expect(throwers(({ readStream }) => readStream(text))).toEqual(caught);
  });

  it.each(denials)('The readers fail on a denial that is $trap', ({ text, caught }) => {
    expect(throwers(({ readError }) => readError(429, new Headers(), text))).toEqual(caught);
  });

  it('The readers show that openai-kotlin and openai-java sleep through a Retry-After of 11 hours', () => {
    const headers = new Headers({ 'retry-after': '40000' });
    const asleep = clients.filter(({ sleepSeconds }) => sleepSeconds(429, headers) > 60);
    expect(asleep.map(({ name }) => name)).toEqual(['openai-kotlin', 'openai-java']);
  });
});
