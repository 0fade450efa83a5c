/** A value of a statement: a string, a number, a flag, nothing, or an array of them. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[]
  | readonly boolean[];

/** Returns a value of any type as text that Postgres reads; `null` is NULL. */
export function asText(value: Value): string | null {
  if (value === null) return null;
  return typeof value === 'object' ? arrayText(value) : `${value}`;
}

/** Returns a constant within SQL. It means the same for every `standard_conforming_strings`. */
function literal(value: Value): string {
  const text = asText(value);
  if (text === null) return 'NULL';
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** Returns SQL with its values in place of `$1`, `$2` and so on. */
export function withValues(text: string, values: readonly Value[]): string {
  return text.replace(/\$(\d+)/g, (_, at) => literal(values[Number(at) - 1] ?? null));
}

function arrayText(values: readonly (string | number | boolean)[]): string {
  return `{${values.map(elementText).join(',')}}`;
}

function elementText(element: string | number | boolean): string {
  if (typeof element !== 'string') return `${element}`;
  return `"${element.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
