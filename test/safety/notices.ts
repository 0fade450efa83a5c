import { randomBytes } from 'node:crypto';
import OpenAI from 'openai';
import type { Guard, SafetyEvent } from '../../src/index.ts';
import { type SafetyWebhooksOptions, safetyWebhooks } from '../../src/safety/safety-webhooks.ts';
import {
  type FakeOpenAI,
  type FakeSafetyCase,
  signedWebhook,
  type WebhookSigning,
} from '../../src/testing/index.ts';
import { canaries, chat, type Fixture, post, startFixture, tokenOf } from '../fixture.ts';

/** The operator's second API key, as OpenAI's guide recommends. */
export const READER_KEY = 'reads-safety-cases-only';
export const SECRET = `whsec_${randomBytes(24).toString('base64')}`;

export interface SafetyFixture extends Fixture {
  readonly noticed: SafetyEvent[];
  readonly blocked: { userId: string; reason: string }[];
}

export async function startSafety(
  options: Parameters<typeof startFixture>[0] = {},
): Promise<SafetyFixture> {
  // The tests do not depend on how fast a store on a busy machine is.
  const patient = { timeouts: { ledger: '5s' }, ...options };
  const fixture = await startFixture(patient, { apiKeys: [canaries.apiKey, READER_KEY] });
  return { ...fixture, ...watch(fixture.guard) };
}

function watch(guard: Guard): Pick<SafetyFixture, 'noticed' | 'blocked'> {
  const noticed: SafetyEvent[] = [];
  const blocked: { userId: string; reason: string }[] = [];
  guard.on('safety', (event) => void noticed.push(event));
  guard.on('blocked', (event) => void blocked.push(event));
  return { noticed, blocked };
}

export const clientOf = ({ baseURL }: Pick<FakeOpenAI, 'baseURL'>) =>
  new OpenAI({ apiKey: READER_KEY, baseURL, maxRetries: 0 });

export function mountOn(
  { guard, fake }: Pick<Fixture, 'guard' | 'fake'>,
  more: Partial<SafetyWebhooksOptions> = {},
) {
  return safetyWebhooks({ guard, client: clientOf(fake), secret: SECRET, ...more });
}

/**
 * Makes one call as this user. Returns the end-user id by which OpenAI identifies them from then
 * on.
 */
export async function endUserIdOf({ guard, fake }: Fixture, user = 'ada'): Promise<string> {
  await (await post(guard, await tokenOf(guard, user), chat())).text();
  return endUserIn(fake.requests.at(-1)?.body);
}

export const endUserIn = (body: unknown): string =>
  (body as { safety_identifier: string }).safety_identifier;

const TYPES = {
  warning: 'safety.warning_issued',
  deactivation: 'safety.deactivation_issued',
} as const;

/** The event in OpenAI's guide. It names the case, and the case names the user. */
export const noticeOf = (type: FakeSafetyCase['type'], id: string) => ({
  type: TYPES[type],
  data: { id },
});

/** A notice as OpenAI posts it. */
export function requestOf(
  event: Parameters<typeof signedWebhook>[0],
  signing: Partial<WebhookSigning> = {},
): RequestInit {
  return { method: 'POST', ...signedWebhook(event, { secret: SECRET, ...signing }) };
}

export const deliver = (mounted: ReturnType<typeof mountOn>, init: RequestInit) =>
  mounted.handler(new Request('http://app.test/openai/webhooks', init));

/** Opens a case, delivers its notice and returns the status. */
export async function notify(
  mounted: ReturnType<typeof mountOn>,
  fake: FakeOpenAI,
  safetyCase: FakeSafetyCase,
): Promise<number> {
  const id = fake.openSafetyCase(safetyCase);
  return (await deliver(mounted, requestOf(noticeOf(safetyCase.type, id)))).status;
}
