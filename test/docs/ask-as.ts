import { expect } from 'vitest';
import type { Guard } from '../../src/index.ts';
import { chat } from '../fixture.ts';

export async function askAs(
  guard: Guard,
  user: string,
): Promise<{ status: number; code: string | null }> {
  const response = await guard.fetchAs(user)('http://backend.test/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chat()),
  });
  await response.text();
  return { status: response.status, code: response.headers.get('x-guard-code') };
}

/** A response does not wait for its settlement. */
export async function expectOneUsed(guard: Guard): Promise<void> {
  const used = async () => (await guard.users.usage('ada')).limits[0]?.used;
  await expect.poll(used).toBe(1);
}
