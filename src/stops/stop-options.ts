import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { endpointNames } from '../openai/endpoints/descriptors.ts';
import { modelPattern } from '../plans/model-pattern.ts';

const names = (entry: z.ZodType<string, string>, what: string) =>
  z
    .array(entry, { error: `must be a list of ${what}` })
    .min(1)
    .max(100)
    .readonly()
    .optional();

const scopeShape = {
  /** Stops calls of these models: exact names, which include their dated snapshots, or prefixes with a `*` at the
   * end. An alias is stopped by its own name, or if all of its models are. Without it, every model. */
  models: names(modelPattern, 'models'),
  /** Stops calls of users who have one of these plans. Without it, every plan. */
  plans: names(z.string(), 'plans'),
  /** Stops calls of these endpoints, such as `'responses'`. Without it, every endpoint. */
  endpoints: names(z.enum(endpointNames), 'endpoints'),
};

const stopShape = {
  /** Why, 1 to 500 characters. Clients see it. */
  reason: z.string().min(1).max(500),
  ...scopeShape,
  /** Also cuts calls that were sent to an upstream before, streams included. Without it, they end as usual.
   * @default false */
  cut: z.boolean().default(false),
};

/** What `guard.stop` stops, and why. A call is stopped if it matches every field that is given. */
export interface StopSpec
  extends RequiredOptions<typeof stopShape>,
    OptionalOptions<typeof stopShape> {}

/** Names one stop by its lists; `{}` names the stop of everything. */
export interface StopScope
  extends RequiredOptions<typeof scopeShape>,
    OptionalOptions<typeof scopeShape> {}

export const stopSpec = optionsSchema(stopShape);
export const stopScope = optionsSchema(scopeShape);
