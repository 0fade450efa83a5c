import OpenAI from 'openai';
import OpenAI5 from 'openai-5';
import OpenAI6 from 'openai-6';
import { describe, expect, it } from 'vitest';
import type { StreamFailure } from '../../src/openai/answer/error-frame.ts';
import { streamMeter } from '../../src/openai/answer/stream-meter.ts';
import { endpointNamed } from './named.ts';

const failure = { code: 'user_blocked', type: 'access_denied', message: 'Blocked: "spam"\n' };
const chat = endpointNamed('chat.completions');
const responses = endpointNamed('responses');

const errorFrame = (endpoint: typeof chat, of: StreamFailure) =>
  streamMeter(endpoint, { hideUsage: false }).errorFrame(of);

const begun = {
  chat: 'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n',
  responses: 'event: response.created\ndata: {"type":"response.created","response":{}}\n\n',
};
const answer = (text: string) => async () =>
  new Response(text, { headers: { 'content-type': 'text/event-stream' } });

const clients = [
  ['openai 5', OpenAI5],
  ['openai 6', OpenAI6],
  ['openai 7', OpenAI],
] as const;

describe('An error frame', () => {
  it.each(clients)('An error frame ends a stream of %s with a typed error', async (_, Client) => {
    const settings = { apiKey: 'x', maxRetries: 0 };
    const chatText = begun.chat + Buffer.from(errorFrame(chat, failure)).toString();
    const chatClient = new Client({ ...settings, fetch: answer(chatText) }) as OpenAI;
    const readChat = async () => {
      const stream = await chatClient.chat.completions.create({
        model: 'm',
        messages: [],
        stream: true,
      });
      for await (const chunk of stream) expect(chunk.id).toBe('c');
    };
    await expect(readChat()).rejects.toMatchObject({ code: failure.code, type: failure.type });
    const text = begun.responses + Buffer.from(errorFrame(responses, failure)).toString();
    const client = new Client({ ...settings, fetch: answer(text) }) as OpenAI;
    const readResponses = async () => {
      const stream = await client.responses.create({ model: 'm', input: 'x', stream: true });
      for await (const event of stream) expect(event.type).toBe('response.created');
    };
    await expect(readResponses()).rejects.toMatchObject({ code: failure.code });
  });

  it('An error frame is one frame with one data line and no [DONE]', () => {
    for (const endpoint of [chat, responses]) {
      const text = Buffer.from(errorFrame(endpoint, failure)).toString();
      expect(text.match(/^data: /gm)).toHaveLength(1);
      expect(text.endsWith('}\n\n')).toBe(true);
      expect(text).not.toContain('[DONE]');
    }
  });

  it('An error frame is read as a failure by the guard’s own meter', () => {
    for (const endpoint of [chat, responses]) {
      const meter = streamMeter(endpoint, { hideUsage: false });
      meter.push(errorFrame(endpoint, failure));
      expect(meter).toMatchObject({ terminal: true, failed: true, atFrameBoundary: true });
    }
  });
});
