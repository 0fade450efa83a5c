import { FROM_VERSION_1 } from './from-version-1.ts';
import { RECORD_FUNCTIONS } from './record-functions.ts';
import { ROW_FUNCTIONS } from './row-functions.ts';
import { TABLES } from './tables.ts';

/** The version of the schema that this release makes. It grows with each change of the schema. */
export const SCHEMA_VERSION = 2;
/** The oldest release, by its `SCHEMA_VERSION`, that may work on this schema too. */
const SERVES_FROM = 2;

export const DEFAULT_SCHEMA = 'guarded_completion';

/**
 * Returns the whole schema as one idempotent script, for apps that may not create functions at run
 * time. Run it in one transaction, by `psql -1` or a migration, and set `migrate: false`. It never
 * makes a newer schema older. `TypeError` for a name that is not an identifier of 1 to 63 letters,
 * digits or `_`.
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 *
 * writeFileSync('migrations/guard.sql', postgresSchemaSql());
 * ```
 */
export function postgresSchemaSql(schema: string = DEFAULT_SCHEMA): string {
  return script(LOCK, NOT_OLDER, FROM_VERSION_1, TABLES, ROW_FUNCTIONS, RECORD_FUNCTIONS, DONE)
    .replaceAll('%schema%', quoted(schema))
    .replaceAll('%channel%', schema);
}

/** Returns an identifier of SQL. */
export function quoted(schema: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema)) return `"${schema}"`;
  throw new TypeError('"schema" must be 1 to 63 letters, digits or "_", the first no digit');
}

const script = (...parts: readonly string[]): string =>
  parts.map((part) => part.trim()).join('\n\n');

/** Two deploys at the same time make it one after the other. */
const LOCK = 'SELECT pg_advisory_xact_lock(1716627931, 1);';

const NOT_OLDER = `
DO $$
DECLARE
  present integer := 0;
BEGIN
  IF to_regclass('%schema%.meta') IS NOT NULL THEN
    SELECT version INTO present FROM %schema%.meta;
  END IF;
  IF present > ${SCHEMA_VERSION} THEN
    RAISE EXCEPTION 'the schema has version %, newer than ${SCHEMA_VERSION}', present;
  END IF;
END
$$;`;

const DONE = `
INSERT INTO %schema%.meta (version, serves_from) VALUES (${SCHEMA_VERSION}, ${SERVES_FROM})
  ON CONFLICT (single) DO UPDATE SET version = excluded.version, serves_from = excluded.serves_from;
`;
