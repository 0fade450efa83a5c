/** True if both types are identical, including `readonly` and `?`. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`. */
export function assertType<_Holds extends true>(): void {}
