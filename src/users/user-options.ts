import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';

const setPlanShape = {
  /** When the plan ends, and `planOf` decides again. Without it, the plan stays. */
  until: z.date('must be a Date').optional(),
  /** When the plan was decided. Without it, now. A plan with a later `asOf` stays. */
  asOf: z.date('must be a Date').optional(),
};

/** From when until when a plan counts. */
export interface SetPlanOptions
  extends RequiredOptions<typeof setPlanShape>,
    OptionalOptions<typeof setPlanShape> {}

export const setPlanOptions = optionsSchema(setPlanShape);
