export type FakeJson = Record<string, unknown>;

export function isRecord(value: unknown): value is FakeJson {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function stringOr<F>(value: unknown, fallback: F): string | F {
  return typeof value === 'string' ? value : fallback;
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
