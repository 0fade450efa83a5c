import express from 'express';
import { rateLimit } from 'express-rate-limit';
import OpenAI from 'openai';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { Stream } from 'openai/streaming';
import { ANYBODY, contend, listen } from './contender.ts';

/** What the tutorials teach: parse the request, call the official SDK, and send its result. */
await contend(async ({ upstreamURL }) => {
  const openai = new OpenAI({ apiKey: 'sk-example', baseURL: `${upstreamURL}/v1` });
  const app = express();
  app.use(express.json());
  app.use(rateLimit({ windowMs: 60_000, limit: 1_000_000_000 }));
  app.post('/v1/chat/completions', async (request, response) => {
    const answer = await openai.chat.completions.create(request.body);
    if (!request.body.stream) return void response.json(answer);
    response.setHeader('content-type', 'text/event-stream');
    for await (const chunk of answer as unknown as Stream<ChatCompletionChunk>) {
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
    response.end('data: [DONE]\n\n');
  });
  return { port: await listen(app), callers: ANYBODY };
});
