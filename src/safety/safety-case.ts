import * as z from 'zod';

/** The part of the official SDK that is used here, of any version from 5.18. */
export interface SafetyClient {
  /** Verifies signatures. */
  readonly webhooks: {
    /** Rejects when the signature is not OpenAI's, or older than 5 minutes. */
    unwrap(payload: string, headers: Record<string, string>, secret: string): Promise<unknown>;
  };
  /** Reads a path of OpenAI's API. */
  get(
    path: string,
    options: { readonly timeout: number; readonly maxRetries: number },
  ): PromiseLike<unknown>;
}

export interface SafetyCase {
  readonly id: string;
  readonly endUserId: string;
  readonly reason: string | undefined;
}

const caseShape = z.object({
  entity_identifier: z.string().min(1),
  reason: z.string().nullish(),
});

/** OpenAI drops a webhook that responds slowly, and sends it again. */
const TIMEOUTS = { timeout: 5_000, maxRetries: 1 };

/**
 * Reads a case: `GET /safety/cases/{id}` (openai 7.57; older versions have no method for it). Rejects
 * with the errors of the SDK, and with zod's error for a response that is not a case.
 */
export async function readSafetyCase(client: SafetyClient, id: string): Promise<SafetyCase> {
  const found = caseShape.parse(await client.get(`/safety/cases/${id}`, TIMEOUTS));
  return { id, endUserId: found.entity_identifier, reason: found.reason ?? undefined };
}
