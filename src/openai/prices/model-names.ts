const date = /-\d{4}-\d{2}-\d{2}$/;
const fineTuned = /^ft:[^:]+(?=:)/;

/** A date, or how models before 2024 were dated: `-0613`, `-0125-preview`. */
const anyDate = /-\d{4}(?:-\d{2}-\d{2}|-preview)?$/;

/** Returns the name of the family: without its date, and for a fine-tuned model that of its base. */
export function baseModel(model: string): string {
  return (fineTuned.exec(model)?.[0].slice(3) ?? model).replace(anyDate, '');
}

/** The date of a snapshot; before 2024 it was `-0613`. */
const snapshot = /-\d{4}(?:-\d{2}-\d{2})?$/;

/** Returns the name of the model that this may be a snapshot of. */
export const withoutSnapshot = (model: string): string => model.replace(snapshot, '');

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
