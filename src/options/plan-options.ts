import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type ParsedOptions,
  type RequiredOptions,
  type TypedOption,
} from '../base/option-schema.ts';
import { endpointNames } from '../openai/endpoints/descriptors.ts';
import { allowances } from '../openai/request/allowances.ts';
import { refuseUnknownModels } from '../plans/call-filter.ts';
import { type LimitSpec, limitSpecs, type Per } from '../plans/limit-spec.ts';
import { modelList } from '../plans/model-list.ts';
import { modelPattern } from '../plans/model-pattern.ts';
import { parseLimits } from '../plans/parse-limits.ts';
import type { Plan } from '../plans/plan.ts';
import type { AnchorLookups } from '../plans/user-anchors.ts';

const whole = z.int().min(1);

/** The options in whose types the windows of limits are. */
const limitsShape = {
  /** The limits of each of its users. All apply at once; without any, the plan is unlimited.
   * @default [] */
  limits: limitSpecs.default([]),
};

const planShape = {
  /** The models its users may use: exact names, or prefixes with a `*` at the end (`'gpt-5*'`). */
  models: z
    .array(modelPattern, { error: 'must be a list of models, such as ["gpt-5-mini"]' })
    .min(1, 'must name at least one model, or "*"')
    .readonly(),
  /** The endpoints its users may call. Without it, every endpoint that the guard serves. */
  endpoints: z.array(z.enum(endpointNames)).readonly().optional(),
  /** Upper bound of one answer, reasoning included, in tokens. It is set where a client sends none, or what the
   * model can write if that is known to be less. A larger one is lowered to it, and the answer says so in
   * `x-guard-max-output-tokens`. A model or host that takes only smaller ones needs a plan that says so.
   * @default 16_384 */
  maxOutputTokens: whole.default(16_384),
  /** Upper bound of `n`, at most 128.
   * @default 1 */
  maxChoices: whole.max(128).default(1),
  /** The share of its users where calls wait for an upstream: a user of weight 4 gets four turns for each
   * turn of a user of weight 1. Above 0, at most 1,000.
   * @default 1 */
  weight: z.number().gt(0, 'must be above 0').max(1_000).default(1),
  /** Allows more than text and the user's own functions: images, files, hosted tools … */
  allow: allowances.prefault({}),
};

/** A plan: the models, limits and permissions of its users. */
export interface PlanSpec<Window extends string = Per>
  extends RequiredOptions<typeof planShape>,
    OptionalOptions<typeof planShape>,
    Partial<TypedOption<typeof limitsShape, 'limits', readonly LimitSpec<Window>[]>> {}

export interface ParsedPlan
  extends ParsedOptions<typeof planShape>,
    ParsedOptions<typeof limitsShape> {}

export const plan: z.ZodType<ParsedPlan, PlanSpec> = optionsSchema({
  ...planShape,
  ...limitsShape,
});

/** The plans of the options, parsed once. `TypeError` names the field that is wrong. */
export function parsePlans(
  specs: Readonly<Record<string, ParsedPlan>>,
  lookups: AnchorLookups,
): ReadonlyMap<string, Plan> {
  const parsed = ([name, spec]: [string, ParsedPlan]) =>
    [name, parsePlan(name, spec, lookups)] as const;
  return new Map(Object.entries(specs).map(parsed));
}

function parsePlan(name: string, spec: ParsedPlan, lookups: AnchorLookups): Plan {
  const path = `options.plans.${name}`;
  const { maxOutputTokens, maxChoices, allow } = spec;
  const models = modelList(spec.models);
  if (allow.realtime && !models.allows(allow.realtime.session.model)) {
    throw new TypeError(`"${path}.allow.realtime.session.model" must be one of the plan's models`);
  }
  const limits = parseLimits(spec.limits, `${path}.limits`, lookups);
  refuseUnknownModels(limits, [models], `${path}.limits`);
  return {
    name,
    names: [name],
    weight: spec.weight,
    models,
    endpoints: new Set(spec.endpoints ?? endpointNames),
    limits,
    policy: { maxOutputTokens, maxChoices, allow },
  };
}
