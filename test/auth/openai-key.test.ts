import { afterEach, describe, expect, it } from 'vitest';
import { anyOf, authenticate, firebaseAuth, userTokens } from '../../src/auth/index.ts';
import { type Fixture, startFixture } from '../fixture.ts';

let fixture: Fixture | undefined;
afterEach(() => fixture?.[Symbol.asyncDispose]());

const logins = {
  'user tokens': userTokens(),
  'a login provider': anyOf(userTokens(), firebaseAuth({ projectId: 'my-app' })),
  'your own login': authenticate(() => null),
};

async function messageFor(guard: Fixture['guard'], authorization: string): Promise<string> {
  const headers = { authorization };
  const response = await guard.handler(new Request('http://app.test/v1/models', { headers }));
  expect(response.status).toBe(401);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe('invalid_credential');
  return error.message;
}

describe('A client that sends a key of OpenAI', () => {
  it.each(Object.entries(logins))('is told so, where users have %s', async (_, auth) => {
    fixture = await startFixture({ auth });
    const message = await messageFor(fixture.guard, 'Bearer sk-proj-0123456789abcdef');
    expect(message).toMatch(/^That is a key of OpenAI, which is not accepted here\. Send "Auth/);
    expect(message).not.toContain('sk-');
    const usual = await messageFor(fixture.guard, 'Bearer something-else');
    expect(usual).toMatch(/^No valid credential was sent\./);
  });
});
