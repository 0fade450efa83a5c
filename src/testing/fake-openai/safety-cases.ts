import { errorReply, openAIErrors } from './error-replies.ts';
import { isRecord } from './json.ts';
import type { Reply } from './script.ts';

/** A finding of OpenAI about one end user. */
export interface FakeSafetyCase {
  /** The safety identifier of the user. */
  readonly endUserId: string;
  /** The decision about the user. */
  readonly type: 'warning' | 'deactivation';
  /** Default none. */
  readonly reason?: string;
}

/** The users that one fake has blocked, and the cases that it has opened. */
export class SafetyCases {
  readonly #blocked = new Set<string>();
  readonly #cases = new Map<string, FakeSafetyCase>();

  block(endUserId: string): void {
    this.#blocked.add(endUserId);
  }

  /** Returns the id of the case. */
  open(safetyCase: FakeSafetyCase): string {
    const id = `C-${(this.#cases.size + 1).toString().padStart(8, '0')}`;
    this.#cases.set(id, safetyCase);
    return id;
  }

  /** Returns the refusal for a blocked user; `undefined` for any other user. */
  refusalOf(body: unknown): Reply | undefined {
    const endUserId = isRecord(body) ? body['safety_identifier'] : undefined;
    const isBlocked = typeof endUserId === 'string' && this.#blocked.has(endUserId);
    return isBlocked ? openAIErrors.identifierBlocked() : undefined;
  }

  /** The response to GET /safety/cases/{id}. */
  retrieve(id: string): Reply {
    const found = this.#cases.get(id);
    if (found === undefined) {
      return errorReply(
        404,
        'invalid_request_error',
        null,
        `No safety case found with id '${id}'.`,
      );
    }
    return {
      body: {
        id,
        object: 'safety.case',
        created_at: 1_790_000_000,
        entity_identifier: found.endUserId,
        reason: found.reason ?? null,
        notice: { type: found.type },
      },
    };
  }
}
