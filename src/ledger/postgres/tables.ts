/**
 * The tables. Times are Unix milliseconds. `numbers` and `parts` are JSON, which only this package
 * reads. `subjects` is the stored name of accounts; see `storedClaims`. It has no index on what changes, so that an
 * update touches no index (HOT).
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
  numbers text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE IF NOT EXISTS %schema%.holds (
  id text COLLATE "C" PRIMARY KEY,
  state smallint NOT NULL,
  dispatched boolean NOT NULL,
  expires_ms double precision NOT NULL,
  ended_ms double precision,
  subjects text[],
  parts text
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
