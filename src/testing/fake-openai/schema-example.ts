import { type FakeJson, isRecord } from './json.ts';

/** `$ref` can recurse. At this depth arrays stay empty, and deeper values are null. */
const MAX_DEPTH = 16;

/**
 * Returns a small value that satisfies a JSON schema, within the subset of structured outputs. Objects
 * get their required properties, arrays their `minItems`, enums their first member.
 */
export function exampleOf(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isRecord(schema) || depth > MAX_DEPTH) return null;
  if ('const' in schema) return schema['const'];
  const fixed = firstOf(schema['enum']);
  if (fixed !== undefined) return fixed;
  const other = alternativeOf(schema, root);
  if (other !== undefined) return exampleOf(other, root, depth + 1);
  return exampleOfType(schema, root, depth);
}

function alternativeOf(schema: FakeJson, root: unknown): unknown {
  const reference = schema['$ref'];
  if (typeof reference === 'string') return resolve(reference, root);
  return firstOf(schema['anyOf']) ?? firstOf(schema['oneOf']) ?? firstOf(schema['allOf']);
}

function exampleOfType(schema: FakeJson, root: unknown, depth: number): unknown {
  const type = firstOf(schema['type']) ?? schema['type'];
  if (type === 'object' || isRecord(schema['properties']))
    return exampleObject(schema, root, depth);
  if (type === 'array') return exampleArray(schema, root, depth);
  if (type === 'number' || type === 'integer') return numberOr(schema['minimum'], 1);
  if (type === 'boolean') return true;
  return type === 'null' ? null : 'word'.padEnd(numberOr(schema['minLength'], 0), 's');
}

function exampleObject(schema: FakeJson, root: unknown, depth: number): FakeJson {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const names = Object.keys(properties).filter((name) => required.includes(name));
  return Object.fromEntries(
    names.map((name) => [name, exampleOf(properties[name], root, depth + 1)]),
  );
}

function exampleArray(schema: FakeJson, root: unknown, depth: number): unknown[] {
  const length = depth >= MAX_DEPTH ? 0 : numberOr(schema['minItems'], 0);
  return Array.from({ length }, () => exampleOf(schema['items'], root, depth + 1));
}

function resolve(reference: string, root: unknown): unknown {
  const keys = reference.replace(/^#\/?/, '').split('/').filter(Boolean);
  return keys.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), root);
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}
