import * as z from 'zod';
import { nearestTo } from './nearest.ts';

/** Parses an option of a programmer. The `TypeError` names the field in quotes and what it must be. */
export function parseOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: requirementOf });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = [path, ...(issue?.path ?? [])].map(String).join('.');
  throw new TypeError(`"${field}": ${issue?.message ?? 'is not valid'}`);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** Words what a field must be, where its schema does not. `undefined` leaves it to zod. */
function requirementOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] && `must be ${TYPES[issue.expected]}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'unrecognized_keys':
      return unknownField(issue.keys, issue.inst);
    case 'too_small':
      return `must be ${atLeast(issue.origin, Number(issue.minimum))}`;
    case 'too_big':
      return `must be ${sizeOf(issue.origin, `at most ${issue.maximum}`)}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL' : undefined;
    default:
      return undefined;
  }
}

/** `schema` is the one of the object, which knows its fields. */
function unknownField(keys: readonly string[], schema: unknown): string {
  const [key = ''] = keys;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const meant = nearestTo(key, known);
  const hint =
    meant === undefined ? `: it may have "${known.join('", "')}"` : `; did you mean "${meant}"?`;
  return `has an unknown field "${keys.join('", "')}"${known.length === 0 ? '' : hint}`;
}

function atLeast(origin: string, minimum: number): string {
  if (minimum === 1 && origin === 'string') return 'a non-empty string';
  if (minimum === 1 && origin === 'array') return 'a non-empty list';
  return sizeOf(origin, `at least ${minimum}`);
}

function sizeOf(origin: string, bound: string): string {
  if (origin === 'string') return `a string of ${bound} characters`;
  if (origin === 'array') return `a list of ${bound} entries`;
  return bound;
}
