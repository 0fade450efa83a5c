import { LedgerError } from '../../core/errors.ts';
import { answerWithin } from '../resilient/answer-within.ts';
import type { Driver } from './driver.ts';
import type { Value } from './literals.ts';
import { postgresSchemaSql, quoted, SCHEMA_VERSION } from './schema.ts';

const READ_MS_MAX = 1_000;
/** Long enough to wait for another process that makes the schema at the same time. */
const MIGRATION_MS_MAX = 15_000;

/** Makes the schema if it is missing or old and `migrate` is true. Throws `LedgerError` if the
 * schema is too old or too new for this release. */
export async function prepareSchema(
  driver: Driver,
  schema: string,
  migrate: boolean,
): Promise<void> {
  const present = await versionOf(driver, schema);
  if (present.version < SCHEMA_VERSION) {
    if (!migrate) throw tooOld(schema, present.version);
    await answerWithin(() => driver.run(postgresSchemaSql(schema)), MIGRATION_MS_MAX);
  } else if (present.servesFrom > SCHEMA_VERSION) {
    throw tooNew(schema, present.version);
  }
}

/** Version 0 means that there is no schema. */
async function versionOf(
  driver: Driver,
  schema: string,
): Promise<{ version: number; servesFrom: number }> {
  const table = `${quoted(schema)}.meta`;
  const read = (text: string, values: readonly Value[]) =>
    answerWithin(() => driver.query(text, values, READ_MS_MAX), READ_MS_MAX);
  const [found] = await read('SELECT to_regclass($1) IS NOT NULL AS made', [table]);
  if (found?.['made'] !== true) return { version: 0, servesFrom: 0 };
  const [row] = await read(`SELECT version, serves_from FROM ${table}`, []);
  return { version: Number(row?.['version'] ?? 0), servesFrom: Number(row?.['serves_from'] ?? 0) };
}

function tooOld(schema: string, version: number): LedgerError {
  const found = version === 0 ? 'is missing' : `has version ${version}`;
  return new LedgerError(
    `the schema "${schema}" ${found}, and this release needs version ${SCHEMA_VERSION}: run the ` +
      'script of postgresSchemaSql(), or leave out "migrate: false"',
  );
}

function tooNew(schema: string, version: number): LedgerError {
  return new LedgerError(
    `the schema "${schema}" has version ${version}, which no longer serves this release (version ` +
      `${SCHEMA_VERSION}): update guarded-completion, or give this one a "schema" of its own`,
  );
}
