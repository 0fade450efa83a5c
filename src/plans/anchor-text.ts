/** Returns a date as a text; `undefined` for what is neither a text nor a valid `Date`. */
export function anchorText(date: unknown): string | undefined {
  if (typeof date === 'string') return date;
  const isValid = date instanceof Date && !Number.isNaN(date.getTime());
  return isValid ? date.toISOString() : undefined;
}
