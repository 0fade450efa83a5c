-- A schema of version 1. Calls that were settled, released, charged or given back when their lease
-- ended, live calls, and calls with an expired lease not yet ended. A credit, a record, an account and a
-- limit that are named by a hash. The only function with its body is now_ms.
CREATE SCHEMA schema_1;
CREATE TABLE schema_1.meta (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  serves_from integer NOT NULL,
  change bigint NOT NULL DEFAULT 0
);
CREATE TABLE schema_1.subjects (
  subject text COLLATE "C" PRIMARY KEY,
  at_ms double precision NOT NULL DEFAULT 0,
  due_ms double precision NOT NULL DEFAULT 'Infinity',
  idle_ms double precision NOT NULL DEFAULT 0,
  live integer NOT NULL DEFAULT 0,
  slots text[] NOT NULL DEFAULT '{}',
  counts double precision[] NOT NULL DEFAULT '{}',
  buckets double precision[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE schema_1.holds (
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
CREATE INDEX holds_due ON schema_1.holds (expires_ms) WHERE state = 0;
CREATE INDEX holds_ended ON schema_1.holds (ended_ms) WHERE state > 0;
CREATE TABLE schema_1.records (
  key text COLLATE "C" PRIMARY KEY,
  value text,
  version double precision NOT NULL,
  expires_ms double precision NOT NULL,
  change bigint NOT NULL
);
CREATE INDEX records_change ON schema_1.records (change);
CREATE INDEX records_expiry ON schema_1.records (expires_ms) WHERE expires_ms < 'Infinity';
CREATE FUNCTION schema_1.conclude(
  held schema_1.holds, ending integer, used double precision[], given_ms double precision
) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION schema_1.credit(
  gift text, named text[], who integer[], names text[], shares double precision[],
  given_ms double precision, wait text, OUT verdict text, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.expire(
  named text[], ids text[], batch integer, given_ms double precision, wait text, OUT verdict text,
  OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.finish(
  hold text, ending integer, used double precision[], given_ms double precision, wait text,
  OUT verdict text, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.lock(
  ids text[], named text[], wait text, OUT verdict text, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.now_ms(given double precision) RETURNS double precision LANGUAGE sql
  AS 'SELECT coalesce(given, floor(date_part(''epoch'', clock_timestamp()) * 1000))';
CREATE FUNCTION schema_1.post(
  checked boolean, named text[], who integer[], names text[], INOUT shares double precision[],
  holds_more integer, lease_ms double precision, given_ms double precision, is_expiry boolean,
  OUT verdict text, OUT now_ms double precision, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.put(
  named text, content text, until_ms double precision, if_version double precision,
  given_ms double precision, wait text
) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION schema_1.read(
  named text[], who integer[], names text[], shares double precision[], given_ms double precision,
  wait text, OUT verdict text, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.remove(
  named text, given_ms double precision, wait text
) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION schema_1.renew(
  hold text, lease_ms double precision, is_dispatched boolean, given_ms double precision,
  wait text, OUT verdict text, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.reserve(
  hold text, named text[], who integer[], names text[], shares double precision[],
  lease_ms double precision, is_dispatched boolean, given_ms double precision, wait text,
  OUT verdict text, OUT state text
) RETURNS record LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION schema_1.sweep(
  after text, batch integer, keep_ms double precision, given_ms double precision
) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
INSERT INTO schema_1.holds VALUES ('settled', 3, true, 1793577660000, 1793577600000, NULL, NULL, NULL, NULL);
INSERT INTO schema_1.holds VALUES ('released', 4, true, 1793581260000, 1793581200000, NULL, NULL, NULL, NULL);
INSERT INTO schema_1.holds VALUES ('of odd', 0, true, 1793588400000, NULL, '{#sha256:DGJVWdMFL48U8B45-axEzBIAJyA1FQYZfmQnPRtXSjQ}', '{1,1}', '{"calendar tokens/day","concurrent concurrent"}', '{0,2,100,2,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,3,6,5,1,-1,0,0,0,0,0}');
INSERT INTO schema_1.holds VALUES ('of bob', 0, false, 1793588400000, NULL, '{user:bob}', '{1,1}', '{"calendar tokens/day",#sha256:tKekFJGdI_iRDMPGIHt9e1k-SuyhCqUhI85gqk3xxAc}', '{0,2,100,5,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,0,2,100,5,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0}');
INSERT INTO schema_1.holds VALUES ('charged', 1, true, 1793584860000, 1793584860000, '{token:x,user:ada,everybody}', '{2,2,2,2,1,1,3,3}', '{"calendar tokens/day","rolling 86400000 tokens/86400000","rate tokens/minute~rate","concurrent concurrent","calendar requests/day","rolling 3600000 usd:per hour, \"ours\"/ä","calendar tokens/day","concurrent concurrent"}', '{0,2,100,6,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,2,100,6,498218,86400000,0,0,0,0,2,2,100,6,-1,60,60000,0,0,6,3,6,9,1,-1,0,0,0,0,0,0,1,9,1,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,5,1000000000000,6000000006,11957232,3600000,0,0,0,0,0,2,1000,6,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,3,6,50,1,-1,0,0,0,0,0}');
INSERT INTO schema_1.holds VALUES ('freed', 2, false, 1793584860000, 1793584860000, '{token:x,user:ada,everybody}', '{2,2,2,2,1,1,3,3}', '{"calendar tokens/day","rolling 86400000 tokens/86400000","rate tokens/minute~rate","concurrent concurrent","calendar requests/day","rolling 3600000 usd:per hour, \"ours\"/ä","calendar tokens/day","concurrent concurrent"}', '{0,2,100,8,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,2,100,8,498218,86400000,0,0,0,0,2,2,100,8,-1,60,60000,0,0,8,3,6,9,1,-1,0,0,0,0,0,0,1,9,1,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,5,1000000000000,8000000008,11957232,3600000,0,0,0,0,0,2,1000,8,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,3,6,50,1,-1,0,0,0,0,0}');
INSERT INTO schema_1.holds VALUES ('#sha256:gift:gift', 5, false, 0, 1793584860000, NULL, NULL, NULL, NULL);
INSERT INTO schema_1.holds VALUES ('live', 0, false, 1793584920000, NULL, '{token:x,user:ada,everybody}', '{2,2,2,2,1,1,3,3}', '{"calendar tokens/day","rolling 86400000 tokens/86400000","rate tokens/minute~rate","concurrent concurrent","calendar requests/day","rolling 3600000 usd:per hour, \"ours\"/ä","calendar tokens/day","concurrent concurrent"}', '{0,2,100,20,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,2,100,20,498218,86400000,0,0,0,0,2,2,100,20,-1,60,60000,0,0,20,3,6,9,1,-1,0,0,0,0,0,0,1,9,1,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,5,1000000000000,20000000020,11957232,3600000,0,0,0,0,0,2,1000,20,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,3,6,50,1,-1,0,0,0,0,0}');
INSERT INTO schema_1.holds VALUES ('sent', 0, true, 1793588460000, NULL, '{token:x,user:ada,everybody}', '{2,2,2,2,1,1,3,3}', '{"calendar tokens/day","rolling 86400000 tokens/86400000","rate tokens/minute~rate","concurrent concurrent","calendar requests/day","rolling 3600000 usd:per hour, \"ours\"/ä","calendar tokens/day","concurrent concurrent"}', '{0,2,100,11,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,2,100,11,498218,86400000,0,0,0,0,2,2,100,11,-1,60,60000,0,0,11,3,6,9,1,-1,0,0,0,0,0,0,1,9,1,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,5,1000000000000,11000000011,11957232,3600000,0,0,0,0,0,2,1000,11,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,3,6,50,1,-1,0,0,0,0,0}');
INSERT INTO schema_1.holds VALUES ('due', 0, true, 1793584860500, NULL, '{token:x,user:ada}', '{2,2,2,2,1,1}', '{"calendar tokens/day","rolling 86400000 tokens/86400000","rate tokens/minute~rate","concurrent concurrent","calendar requests/day","rolling 3600000 usd:per hour, \"ours\"/ä"}', '{0,2,100,2,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,2,100,2,498218,86400000,0,0,0,0,2,2,100,2,-1,60,60000,0,0,2,3,6,9,1,-1,0,0,0,0,0,0,1,9,1,1793577600000,1793577600000,1793664000000,1793664000000,1793750400000,0,1,5,1000000000000,2000000002,11957232,3600000,0,0,0,0}');
INSERT INTO schema_1.meta VALUES (true, 1, 1, 1);
INSERT INTO schema_1.records VALUES ('user:ada', '{"blocked":true}', 1, 'Infinity', 1);
INSERT INTO schema_1.subjects VALUES ('user:ada', 1793584860100, 1793584860500, 1793674800000, 3, '{"calendar tokens/day","rolling 86400000 tokens/86400000","rate tokens/minute~rate","concurrent concurrent"}', '{1793577600000,12,33,0,498218,12,33,0,1793584860100,32.9,0,25,0,0,3,25}', '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,4,3,5,0,0,0,0,0,0}');
INSERT INTO schema_1.subjects VALUES ('token:x', 1793584860100, 1793584860500, 1793664000000, 3, '{"calendar requests/day","rolling 3600000 usd:per hour, \"ours\"/ä"}', '{1793577600000,3,3,0,11957232,9000000009,33000000033,0}', '{0,0,0,0,0,0,0,6000000006,3000000003,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}');
INSERT INTO schema_1.subjects VALUES ('user:bob', 1793584800000, 1793588400000, 1793664000000, 1, '{"calendar tokens/day",#sha256:tKekFJGdI_iRDMPGIHt9e1k-SuyhCqUhI85gqk3xxAc}', '{1793577600000,0,5,0,1793577600000,0,5,0}', '{}');
INSERT INTO schema_1.subjects VALUES ('#sha256:DGJVWdMFL48U8B45-axEzBIAJyA1FQYZfmQnPRtXSjQ', 1793584800000, 1793584860000, 1793664000000, 1, '{"calendar tokens/day","concurrent concurrent"}', '{1793577600000,12,2,0,0,0,1,0}', '{}');
INSERT INTO schema_1.subjects VALUES ('everybody', 1793584860000, 1793584920000, 1793664000000, 2, '{"calendar tokens/day","concurrent concurrent"}', '{1793577600000,12,31,0,0,0,2,0}', '{}');
