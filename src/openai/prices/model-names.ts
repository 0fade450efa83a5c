const date = /-\d{4}-\d{2}-\d{2}$/;
const fineTuned = /^ft:[^:]+(?=:)/;

/** Returns the name without the `-YYYY-MM-DD` of a snapshot. */
export const undated = (model: string): string => model.replace(date, '');

/**
 * Returns the names at which a table may have the price of a model, the most exact first. Each of them is
 * in the table as it is, or not at all: prefixes and other cases never match. A fine-tuned model never
 * costs what its base does.
 */
export function priceKeys(model: string): readonly string[] {
  if (!model.startsWith('ft:')) return date.test(model) ? [model, undated(model)] : [model];
  const [base] = fineTuned.exec(model) ?? [];
  return base === undefined ? [model] : [model, base];
}
