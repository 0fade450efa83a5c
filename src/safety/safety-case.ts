import { z } from 'zod';

/** The part of the official SDK that is needed here, of any version from 5.18. */
export interface SafetyClient {
  readonly webhooks: {
    /** Rejects when the signature is not OpenAI's, or older than 5 minutes. */
    unwrap(payload: string, headers: Record<string, string>, secret: string): Promise<unknown>;
  };
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

/** OpenAI gives up on a webhook that answers slowly, and sends it again. */
const WAITS = { timeout: 5_000, maxRetries: 1 };

/**
 * Reads a case: `GET /safety/cases/{id}` (openai 7.57; older ones have no method for it). Rejects with
 * the SDK's own errors, and with zod's for an answer that is no case.
 */
export async function readSafetyCase(client: SafetyClient, id: string): Promise<SafetyCase> {
  const found = caseShape.parse(await client.get(`/safety/cases/${id}`, WAITS));
  return { id, endUserId: found.entity_identifier, reason: found.reason ?? undefined };
}
