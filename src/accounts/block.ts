import * as z from 'zod';
import {
  type OptionalOptions,
  optionsSchema,
  type RequiredOptions,
} from '../base/option-schema.ts';
import { parseOrThrow } from '../base/parse-or-throw.ts';
import type { Block } from '../core/block.ts';

const blockShape = {
  /** Why, 1 to 500 characters. The user sees it, or each member of the group. */
  reason: z.string().min(1).max(500),
  /** When the block ends. Without it, the block stays. */
  until: z.date('must be a Date').optional(),
};

/** Why a user or a group is blocked, and until when. */
export interface BlockSpec
  extends RequiredOptions<typeof blockShape>,
    OptionalOptions<typeof blockShape> {}

const blockSpec = optionsSchema(blockShape);

/** Returns a block as it is stored. `TypeError` names the field that is wrong; `call` is the name of the call. */
export function parseBlock(block: BlockSpec, call: string): Block {
  if (typeof block !== 'object') {
    throw new TypeError(
      `"${call}" must get an object with the reason, such as { reason: "abuse" }`,
    );
  }
  const { reason, until } = parseOrThrow(blockSpec, block, call);
  return until === undefined ? { reason } : { reason, untilMs: until.getTime() };
}
