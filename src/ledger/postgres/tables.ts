/**
 * The tables. Times are Unix milliseconds, amounts whole numbers up to 2^53: both are exact as doubles.
 * `subjects` has no index on what changes, so that an update touches no index (HOT).
 */
export const TABLES = `
CREATE SCHEMA IF NOT EXISTS %schema%;

CREATE TABLE IF NOT EXISTS %schema%.meta (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  serves_from integer NOT NULL,
  change bigint NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS %schema%.subjects (
  subject text COLLATE "C" PRIMARY KEY,
  at_ms double precision NOT NULL DEFAULT 0,
  due_ms double precision NOT NULL DEFAULT 'Infinity',
  idle_ms double precision NOT NULL DEFAULT 0,
  live integer NOT NULL DEFAULT 0,
  slots text[] NOT NULL DEFAULT '{}',
  counts double precision[] NOT NULL DEFAULT '{}',
  buckets double precision[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE IF NOT EXISTS %schema%.holds (
  id text COLLATE "C" PRIMARY KEY,
  state smallint NOT NULL,
  dispatched boolean NOT NULL,
  expires_ms double precision NOT NULL,
  ended_ms double precision,
  subjects text[],
  who integer[],
  slots text[],
  shares double precision[]
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX IF NOT EXISTS holds_due ON %schema%.holds (expires_ms) WHERE state = 0;
CREATE INDEX IF NOT EXISTS holds_ended ON %schema%.holds (ended_ms) WHERE state > 0;

CREATE TABLE IF NOT EXISTS %schema%.records (
  key text COLLATE "C" PRIMARY KEY,
  value text,
  version double precision NOT NULL,
  expires_ms double precision NOT NULL,
  change bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS records_change ON %schema%.records (change);
CREATE INDEX IF NOT EXISTS records_expiry ON %schema%.records (expires_ms)
  WHERE expires_ms < 'Infinity';
`;
