/**
 * What may be written where one of `Texts` is meant: a literal must be one of them, so that a misspelt one does not
 * compile. A `string`, as from a database or a file, is accepted, and checked when it is used. `Given` is inferred.
 */
export type Known<Texts extends string, Given extends string> = string extends Given
  ? Given
  : NoInfer<Texts>;
