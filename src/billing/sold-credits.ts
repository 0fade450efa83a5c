import * as z from 'zod';
import { creditAmounts, grantedAmounts } from '../accounts/grant.ts';
import type { Amounts } from '../ledger/amounts.ts';

/** The credits of each product, by its id. */
export type SoldCredits = ReadonlyMap<string, Amounts>;

/** The schema of the option `credits` of a webhook. */
export const creditsOption = z.record(z.string(), creditAmounts).readonly().optional();

interface SellingOptions {
  readonly plans?: Readonly<Record<string, string>> | undefined;
  readonly credits?: z.output<typeof creditsOption>;
}

/** Reads the option `credits`. `TypeError` for a product that gives nothing, and if nothing is sold at all. */
export function soldCredits({ plans, credits }: SellingOptions, path: string): SoldCredits {
  if (plans === undefined && credits === undefined) {
    throw new TypeError(`"${path}" must have "plans", "credits" or both`);
  }
  const products = Object.entries(credits ?? {});
  return new Map(
    products.map(([product, given]) => [
      product,
      grantedAmounts(given, `${path}.credits.${product}`),
    ]),
  );
}
