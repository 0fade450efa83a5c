import * as z from 'zod';

/** The id of a user, as your app has it: a text of 1 to 256 characters, or a whole number, which stands for its
 * decimal text. A number that is not exact (above 2^53) is a `TypeError`. */
export type UserId = string | number | bigint;

const LENGTH_MAX = 256;

/** A text that identifies something in the app. `mustBe` words what a value of another type must be. */
export const idText = (mustBe: string) =>
  z
    .string(mustBe)
    .min(1)
    .max(LENGTH_MAX)
    // Control characters could forge log lines and confuse stores. Lone surrogates have no UTF-8.
    .refine((id) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(id), 'must not contain control characters');

/** Returns the decimal text of a whole number, and anything else as it is. */
export function decimalText(id: unknown): unknown {
  const isNumeric = typeof id === 'bigint' || Number.isSafeInteger(id);
  return isNumeric ? String(id) : id;
}
