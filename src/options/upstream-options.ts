import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
} from '../base/option-schema.ts';
import type { Plan } from '../plans/plan.ts';
import { wrongKey } from '../upstream/key-text.ts';
import { modelAliases as aliasesOf, type ModelAliases } from '../upstream/model-routes.ts';
import { openAI } from '../upstream/openai.ts';
import { servesOpenAI } from '../upstream/openai-host.ts';
import type { ApiKeySource } from '../upstream/upstream-keys.ts';
import { isUpstreamSpec, type UpstreamSpec } from '../upstream/upstream-spec.ts';

/** A slash separates it from a model in the option `models`. */
const UPSTREAM_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const MADE_BY =
  'must be made by openAI(), azureOpenAI(), openRouter() or openAICompatible() of guarded-completion/upstreams';

export const upstreams = z
  .record(z.string(), z.custom<UpstreamSpec>(isUpstreamSpec, MADE_BY))
  .refine((all) => Object.keys(all).length > 0, 'must have at least one upstream')
  .refine(
    (all) => Object.keys(all).every((each) => UPSTREAM_NAME.test(each)),
    'must have names of letters, digits, ".", "_" and "-"',
  )
  .readonly();

const name = z.string().min(1).max(256);
export const models = z.record(name, z.union([name, z.array(name).min(1).readonly()])).readonly();

const retriesShape = {
  /** How often a call is sent again after an error of the server (500, 502, 503, 504), to another upstream if
   * there is one. OpenAI may have billed the failed request, so each one has a hold of its own. At most 5.
   * @default 0 */
  serverErrors: z.int().min(0).max(5).default(0),
};

/** When calls are sent again that an upstream may have worked on. */
export interface RetriesSpec
  extends RequiredOptions<typeof retriesShape>,
    OptionalOptions<typeof retriesShape> {}

export interface ParsedRetries extends ParsedOptions<typeof retriesShape> {}

export const retries: z.ZodType<ParsedRetries, RetriesSpec> = optionsSchema(retriesShape);

/** What the options say of upstreams. */
interface UpstreamOptions {
  readonly apiKey?: string | ApiKeySource | undefined;
  readonly baseURL?: string | undefined;
  readonly organization?: string | undefined;
  readonly project?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly countTokens?: boolean | undefined;
  readonly upstreams?: Readonly<Record<string, UpstreamSpec>> | undefined;
  readonly models: Readonly<Record<string, string | readonly string[]>>;
}

/** Returns the upstreams by name. `apiKey` and what belongs to it are the short form of one, `main`. */
export function upstreamSettings(options: UpstreamOptions, plans: ReadonlyMap<string, Plan>) {
  if (options.upstreams !== undefined) refuseShortForm(options);
  const all = new Map(Object.entries(options.upstreams ?? { main: shortForm(options) }));
  const modelAliases = aliasesOf(options.models, new Set(all.keys()));
  requireModelsInPlans(modelAliases, plans);
  const isOpenAI = [...all.values()].every(({ baseURL }) => servesOpenAI(new URL(baseURL)));
  return {
    upstreams: all,
    modelAliases,
    countsTokens: options.countTokens ?? isOpenAI,
    /** Clients see the names of upstreams where the app chose them. */
    showsUpstream: options.upstreams !== undefined,
  };
}

function shortForm({
  apiKey,
  baseURL,
  organization,
  project,
  fetch,
}: UpstreamOptions): UpstreamSpec {
  if (apiKey === undefined) throw new TypeError(`"options.apiKey": ${wrongKey(apiKey)}`);
  return openAI({
    apiKey,
    ...(baseURL !== undefined && { baseURL }),
    ...(organization !== undefined && { organization }),
    ...(project !== undefined && { project }),
    ...(fetch !== undefined && { fetch }),
  });
}

const SHORT_FORM = ['apiKey', 'baseURL', 'organization', 'project', 'fetch'] as const;

function refuseShortForm(options: UpstreamOptions): void {
  const given = SHORT_FORM.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new TypeError(`"options.${given}" must be set on an upstream, because "upstreams" is set`);
}

/** An alias of a plan must not lead to a model that the plan does not allow. */
function requireModelsInPlans(aliases: ModelAliases, plans: ReadonlyMap<string, Plan>): void {
  for (const [alias, choices] of aliases) {
    for (const { name, models } of plans.values()) {
      const missing = choices.find(({ model }) => !models.allows(model));
      if (!models.allows(alias) || missing === undefined) continue;
      throw new TypeError(
        `"options.plans.${name}.models" must allow "${missing.model}" too, because "${alias}" is an alias of it`,
      );
    }
  }
}
