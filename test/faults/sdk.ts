import OpenAI from 'openai';
import type { Guard } from '../../src/index.ts';
import { tokenOf } from '../fixture.ts';

/** The official SDK as an app uses it, in front of the guard's WHATWG adapter. */
export async function appClient(guard: Guard, user = 'ada', maxRetries = 0): Promise<OpenAI> {
  return new OpenAI({
    apiKey: await tokenOf(guard, user),
    baseURL: 'http://app.test/v1',
    fetch: (url, init) => guard.handler(new Request(url as string, init as RequestInit)),
    maxRetries,
  });
}

/** Returns everything received until a stream ended or broke, and the error if it broke. */
export async function drain<Item>(
  stream: AsyncIterable<Item>,
): Promise<{ items: Item[]; error: unknown }> {
  const items: Item[] = [];
  try {
    for await (const item of stream) items.push(item);
    return { items, error: undefined };
  } catch (error) {
    return { items, error };
  }
}
