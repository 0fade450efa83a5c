import type { z } from 'zod';

/** Parses a value that a programmer wrote. The `TypeError` names the field in quotes, and the mistake. */
export function parseOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = [path, ...(issue?.path ?? [])].map(String).join('.');
  throw new TypeError(`"${field}": ${issue?.message ?? 'is not valid'}`);
}
