/**
 * Records. Each write takes the next number of change under one row lock, so that numbers become
 * visible in their order and a poll for larger ones misses none. A deleted record stays for an hour
 * without a value, so that its change is seen. The channel has the name of the schema.
 */
export const RECORD_FUNCTIONS = `
CREATE OR REPLACE FUNCTION %schema%.put(
  named text, content text, until_ms double precision, if_version double precision,
  given_ms double precision, wait text
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  at_ms double precision;
  present double precision := 0;
  next bigint;
BEGIN
  PERFORM set_config('lock_timeout', wait, true);
  UPDATE %schema%.meta SET change = change + 1 RETURNING change INTO next;
  at_ms := %schema%.now_ms(given_ms);
  SELECT r.version INTO present FROM %schema%.records r
    WHERE r.key = named AND r.value IS NOT NULL AND r.expires_ms > at_ms;
  present := coalesce(present, 0);
  IF if_version <> present THEN
    RETURN false;
  END IF;
  INSERT INTO %schema%.records (key, value, version, expires_ms, change)
    VALUES (named, content, present + 1, until_ms, next)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version,
      expires_ms = excluded.expires_ms, change = excluded.change;
  PERFORM pg_notify('%channel%', '');
  RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION %schema%.remove(
  named text, given_ms double precision, wait text
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  at_ms double precision;
  next bigint;
BEGIN
  PERFORM set_config('lock_timeout', wait, true);
  UPDATE %schema%.meta SET change = change + 1 RETURNING change INTO next;
  at_ms := %schema%.now_ms(given_ms);
  UPDATE %schema%.records r SET value = NULL, change = next, expires_ms = at_ms + 3600000
    WHERE r.key = named AND r.value IS NOT NULL AND r.expires_ms > at_ms;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_notify('%channel%', '');
  RETURN true;
END
$$;

-- Deletes what ended long ago, in bounded batches. Returns where to look for accounts next.
CREATE OR REPLACE FUNCTION %schema%.sweep(
  after text, batch integer, keep_ms double precision, given_ms double precision
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  upto_ms double precision := %schema%.now_ms(given_ms);
  looked text[];
BEGIN
  DELETE FROM %schema%.holds WHERE id IN (SELECT h.id FROM %schema%.holds h
    WHERE h.state > 0 AND h.ended_ms <= upto_ms - keep_ms
    ORDER BY h.ended_ms LIMIT batch FOR UPDATE SKIP LOCKED);
  DELETE FROM %schema%.records WHERE key IN (SELECT r.key FROM %schema%.records r
    WHERE r.expires_ms < 'Infinity' AND r.expires_ms <= upto_ms
    ORDER BY r.expires_ms LIMIT batch FOR UPDATE SKIP LOCKED);
  looked := ARRAY(SELECT s.subject FROM %schema%.subjects s WHERE s.subject > after
    ORDER BY s.subject LIMIT batch);
  DELETE FROM %schema%.subjects WHERE subject IN (SELECT s.subject FROM %schema%.subjects s
    WHERE s.subject = ANY (looked) AND s.live = 0 AND s.idle_ms <= upto_ms FOR UPDATE SKIP LOCKED);
  RETURN CASE WHEN cardinality(looked) = batch THEN looked[batch] ELSE '' END;
END
$$;
`;
