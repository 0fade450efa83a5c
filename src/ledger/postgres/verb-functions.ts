/** One function for each verb of a ledger; all answer a verdict and, where they count, how claims stood. */
export const VERB_FUNCTIONS = `
CREATE OR REPLACE FUNCTION %schema%.read(
  named text[], who integer[], names text[], shares double precision[], given_ms double precision,
  wait text, OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  entry %schema%.subjects;
  seen double precision[] := '{}';
  slot integer; at integer; at_ms double precision; ring integer;
BEGIN
  FOR turn IN 1 .. cardinality(named) LOOP
    SELECT * INTO entry FROM %schema%.subjects s WHERE s.subject = named[turn];
    at_ms := greatest(%schema%.now_ms(given_ms), entry.at_ms);
    IF entry.due_ms <= at_ms THEN
      verdict := 'again';
      RETURN;
    END IF;
    FOR claim IN 1 .. cardinality(who) LOOP
      CONTINUE WHEN who[claim] <> turn;
      slot := array_position(entry.slots, names[claim]);
      at := slot * 4 - 4;
      IF slot IS NULL THEN
        seen := seen || ARRAY[at_ms, 0, 0, 0];
      ELSE
        seen := seen || at_ms || entry.counts[at + 1 : at + 3];
      END IF;
      CONTINUE WHEN shares[claim * 10 - 9] <> 1;
      ring := entry.counts[at + 4];
      seen := seen || CASE WHEN slot IS NULL THEN array_fill(0::double precision, ARRAY[25])
        ELSE entry.buckets[ring + 1 : ring + 25] END;
    END LOOP;
  END LOOP;
  verdict := 'done';
  state := array_to_string(seen, ',');
END
$$;

CREATE OR REPLACE FUNCTION %schema%.reserve(
  hold text, named text[], who integer[], names text[], shares double precision[],
  lease_ms double precision, is_dispatched boolean, given_ms double precision, wait text,
  OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  posted record;
BEGIN
  IF wait IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait, true), set_config('enable_seqscan', 'off', true);
  END IF;
  IF EXISTS (SELECT FROM %schema%.holds h WHERE h.id = hold) THEN
    SELECT r.verdict, r.state INTO verdict, state
      FROM %schema%.read(named, who, names, shares, given_ms, wait) r;
    verdict := CASE verdict WHEN 'done' THEN 'replayed' ELSE verdict END;
    RETURN;
  END IF;
  posted := %schema%.post(true, named, who, names, shares, 1, lease_ms, given_ms, false);
  verdict := posted.verdict;
  state := posted.state;
  IF verdict = 'done' THEN
    INSERT INTO %schema%.holds (id, state, dispatched, expires_ms, subjects, who, slots, shares)
    VALUES (hold, 0, is_dispatched, posted.now_ms + lease_ms, named, who, names, posted.shares);
  END IF;
END
$$;

-- Ends a locked hold in one of its ways, as of a time: 1 charged, 2 freed, 3 settled, 4 released.
CREATE OR REPLACE FUNCTION %schema%.conclude(
  held %schema%.holds, ending integer, used double precision[], given_ms double precision
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  shares double precision[] := held.shares;
  share integer; before double precision; posted record;
BEGIN
  FOR claim IN 1 .. cardinality(held.who) LOOP
    share := claim * 10 - 10;
    before := CASE WHEN held.state = 1 OR (held.state = 0 AND shares[share + 1] = 2)
      THEN shares[share + 4] ELSE 0 END;
    shares[share + 10] := CASE ending WHEN 1 THEN shares[share + 4] WHEN 3 THEN
      used[shares[share + 2]::integer] ELSE 0 END - before;
  END LOOP;
  posted := %schema%.post(false, held.subjects, held.who, held.slots, shares,
    CASE held.state WHEN 0 THEN -1 ELSE 0 END, 0, given_ms, ending < 3);
  IF posted.verdict = 'again' THEN
    RETURN 'again';
  END IF;
  IF ending < 3 THEN
    UPDATE %schema%.holds h SET state = ending, ended_ms = posted.now_ms WHERE h.id = held.id;
  ELSE
    UPDATE %schema%.holds h SET state = ending, ended_ms = posted.now_ms,
      subjects = NULL, who = NULL, slots = NULL, shares = NULL WHERE h.id = held.id;
  END IF;
  RETURN 'done';
END
$$;

CREATE OR REPLACE FUNCTION %schema%.finish(
  hold text, ending integer, used double precision[], given_ms double precision, wait text,
  OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  held %schema%.holds;
BEGIN
  IF wait IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait, true), set_config('enable_seqscan', 'off', true);
  END IF;
  SELECT * INTO held FROM %schema%.holds h WHERE h.id = hold FOR UPDATE;
  verdict := CASE
    WHEN held.id IS NULL THEN 'unknown'
    WHEN held.state = ending THEN 'replayed'
    WHEN held.state > 2 THEN 'refused'
    ELSE %schema%.conclude(held, ending, used, given_ms) END;
END
$$;

CREATE OR REPLACE FUNCTION %schema%.renew(
  hold text, lease_ms double precision, is_dispatched boolean, given_ms double precision, wait text,
  OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  at_ms double precision := %schema%.now_ms(given_ms);
BEGIN
  IF wait IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait, true), set_config('enable_seqscan', 'off', true);
  END IF;
  UPDATE %schema%.holds h SET expires_ms = greatest(h.expires_ms, at_ms + lease_ms),
    dispatched = h.dispatched OR is_dispatched
    WHERE h.id = hold AND h.state = 0 AND h.expires_ms > at_ms;
  verdict := CASE WHEN FOUND THEN 'done' ELSE 'refused' END;
END
$$;

CREATE OR REPLACE FUNCTION %schema%.credit(
  gift text, named text[], who integer[], names text[], shares double precision[],
  given_ms double precision, wait text,
  OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  posted record;
BEGIN
  IF wait IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait, true), set_config('enable_seqscan', 'off', true);
  END IF;
  INSERT INTO %schema%.holds (id, state, dispatched, expires_ms, ended_ms)
    VALUES (gift, 5, false, 0, %schema%.now_ms(given_ms)) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    verdict := 'replayed';
    RETURN;
  END IF;
  posted := %schema%.post(false, named, who, names, shares, 0, 0, given_ms, false);
  IF posted.verdict = 'again' THEN
    DELETE FROM %schema%.holds h WHERE h.id = gift;
  END IF;
  verdict := posted.verdict;
END
$$;
`;
