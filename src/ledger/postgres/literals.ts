/** What a statement is given: text, a number, a flag, nothing, or an array of them. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[]
  | readonly boolean[];

/** As Postgres reads a value of any type from text; `null` is NULL. */
export function asText(value: Value): string | null {
  if (value === null) return null;
  return typeof value === 'object' ? arrayText(value) : `${value}`;
}

/** As a constant within SQL. It reads the same whatever `standard_conforming_strings` says. */
export function literal(value: Value): string {
  const text = asText(value);
  if (text === null) return 'NULL';
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** SQL with its values in place of `$1`, `$2` and so on. */
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
