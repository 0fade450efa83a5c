import express, { type NextFunction, type Request, type Response } from 'express';
import { createGuardedCompletion } from 'guarded-completion';
import { APIError } from 'openai';

const guard = createGuardedCompletion({
  apiKey: process.env['OPENAI_API_KEY'],
  secret: process.env['GUARD_SECRET'],
  baseURL: process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1',
  plans: {
    free: {
      models: ['gpt-5-mini'],
      maxOutputTokens: 1_000,
      limits: [{ requests: 20, per: '24h' }, { usd: 0.05, per: 'day' }, { concurrent: 2 }],
    },
  },
});

/** YOUR LOGIN GOES HERE: a session, a cookie, a JWT. This stub trusts whatever the header contains. */
const userOf = (request: Request): string => request.get('x-demo-user') ?? 'nobody';

/** The server writes the prompt. The official SDK below is bound to the user. */
const explain = (topic: unknown) => ({
  model: 'gpt-5-mini',
  messages: [{ role: 'user' as const, content: `Explain ${topic} in one sentence.` }],
});

const app = express();
app.get('/explain/:topic', async (request, response) => {
  const openai = guard.client(userOf(request));
  const answer = await openai.chat.completions.create(explain(request.params.topic));
  response.json({ text: answer.choices[0]?.message.content });
});
app.get('/explain/:topic/stream', async (request, response) => {
  const openai = guard.client(userOf(request));
  const stream = await openai.chat.completions.create({
    ...explain(request.params.topic),
    stream: true,
  });
  response.once('close', () => stream.controller.abort());
  for await (const chunk of stream) response.write(chunk.choices[0]?.delta.content ?? '');
  response.end();
});
// The SDK throws what the guard denies.
app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
  if (!(error instanceof APIError) || response.headersSent) return next(error);
  response.status(error.status ?? 500).json({ code: error.code, message: error.message });
});

const server = app.listen(Number(process.env['PORT'] ?? 3000));
process.once('SIGTERM', async () => {
  // Running calls finish first. New calls are denied and can be retried.
  await guard.close();
  server.close();
});
