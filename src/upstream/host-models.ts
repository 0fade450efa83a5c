import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { parseJson } from '../core/json.ts';
import type { User } from '../core/user.ts';
import { isModelId } from '../openai/request/fields.ts';
import { collect } from './collect.ts';
import type { Upstream } from './upstream.ts';

const LIST_MS_MAX = 5_000;
const LIST_BYTES_MAX = 8 * 1024 * 1024;
const MODELS_MAX = 2_000;
const KEPT_MS = 5 * 60_000;
/** A host that fails is not asked again by every user. */
const FAILURE_KEPT_MS = 60_000;

/** A model that exists. */
export interface KnownModel {
  /** Unix seconds; `undefined` if it is not known. */
  readonly createdAt?: number | undefined;
  /** Whose it is. The host's own word is not used: it may be the name of an account. */
  readonly owner?: string;
}

export type KnownModels = ReadonlyMap<string, KnownModel>;

const listed = z.object({
  data: z.array(z.object({ id: z.string(), created: z.unknown() }).partial({ created: true })),
});

interface HostModelsParts {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

const NONE: KnownModels = new Map();

/**
 * The models of a host that is not OpenAI, from its `GET /models`. It is asked when a user asks for a list,
 * with the key of that user's call, at most once in five minutes, and for at most five seconds.
 */
export class HostModels {
  readonly #upstream: Upstream;
  readonly #parts: HostModelsParts;
  #models: Promise<KnownModels> | undefined;
  #endsAtMs = 0;

  constructor(upstream: Upstream, parts: HostModelsParts) {
    this.#upstream = upstream;
    this.#parts = parts;
  }

  /** Never rejects: a host that fails has no models that are known. */
  current(user: User, plan: string): Promise<KnownModels> {
    const nowMs = this.#parts.clock.nowMs();
    if (this.#models !== undefined && nowMs < this.#endsAtMs) return this.#models;
    this.#endsAtMs = nowMs + KEPT_MS;
    this.#models = this.#ask(user, plan).catch((cause: unknown) => {
      this.#endsAtMs = this.#parts.clock.nowMs() + FAILURE_KEPT_MS;
      const { name } = this.#upstream;
      this.#parts.onError(new Error(`The upstream "${name}" did not list its models.`, { cause }));
      return NONE;
    });
    return this.#models;
  }

  async #ask(user: User, plan: string): Promise<KnownModels> {
    const { transport, keys, pathOf } = this.#upstream;
    const { headers } = await keys.keyFor(user, plan);
    const asked = transport.send({ method: 'GET', path: pathOf('/models', ''), headers, body: '' });
    const late = setTimeout(() => asked.cancel(), LIST_MS_MAX);
    try {
      const { status, body } = await asked.reply;
      const bytes = await collect(body, LIST_BYTES_MAX);
      if (status !== 200) throw new Error(`Its answer has the status ${status}.`);
      const { data } = listed.parse(parseJson(Buffer.from(bytes).toString()));
      return modelsIn(data, this.#upstream);
    } finally {
      clearTimeout(late);
    }
  }
}

type Listed = z.output<typeof listed>['data'];

function modelsIn(data: Listed, { dialect, serves }: Upstream): KnownModels {
  const { name: owner, listedPrefix: prefix = '' } = dialect;
  const models = data
    .slice(0, MODELS_MAX)
    .map(({ id, created }): [string, KnownModel] => [
      id.startsWith(prefix) ? id.slice(prefix.length) : id,
      { owner, createdAt: Number.isSafeInteger(created) ? Number(created) : undefined },
    ]);
  // The name of a fine-tuned model has the name of its account.
  return new Map(models.filter(([id]) => isModelId(id) && !id.startsWith('ft:') && serves(id)));
}
