import type { BilledRefusal, Dialect } from './dialect.ts';

/** A refusal, as far as it decides whether it is billed. */
interface Refused {
  readonly status: number;
  readonly error: { readonly code: string | null; readonly message: string } | undefined;
}

/** Returns what a host bills for a request that it has refused; `undefined` if it bills nothing. */
export function billFor(
  { billedRefusals = [] }: Dialect,
  { status, error }: Refused,
): BilledRefusal['bills'] | undefined {
  const said = `${error?.code ?? ''} ${error?.message ?? ''}`;
  return billedRefusals.find((rule) => rule.status === status && (rule.words?.test(said) ?? true))
    ?.bills;
}
