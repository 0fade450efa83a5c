import OpenAI from 'openai';
import { MODEL } from './backend.ts';

/** The app's side: the official SDK with another base URL and another key. Nothing else changes. */
export interface App {
  readonly token: { readonly value: string; readonly expires_at: number };
  /** Yields the pieces of a streamed answer as they arrive. */
  ask(question: string): AsyncGenerator<string>;
}

export async function logIn(origin: string, user: string): Promise<App> {
  const response = await fetch(`${origin}/login/${user}`, { method: 'POST' });
  const token = (await response.json()) as App['token'];
  const openai = new OpenAI({ baseURL: `${origin}/v1`, apiKey: token.value });
  return {
    token,
    async *ask(question) {
      const stream = await openai.chat.completions.create({
        model: MODEL,
        messages: [{ role: 'user', content: question }],
        stream: true,
      });
      for await (const chunk of stream) {
        const piece = chunk.choices[0]?.delta.content;
        if (piece) yield piece;
      }
    },
  };
}
