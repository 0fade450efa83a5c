/** What takes locks of several verbs or holds at once. */
export const LOCK_FUNCTIONS = `
-- Takes all locks of several verbs that follow in the same statement, in the order of all.
CREATE OR REPLACE FUNCTION %schema%.lock(
  ids text[], named text[], wait text, OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  hold text;
  theirs text[];
  wanted record;
BEGIN
  IF wait IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait, true), set_config('enable_seqscan', 'off', true);
  END IF;
  FOREACH hold IN ARRAY ids LOOP
    SELECT h.subjects INTO theirs FROM %schema%.holds h WHERE h.id = hold FOR UPDATE;
    named := named || theirs;
  END LOOP;
  FOR wanted IN SELECT DISTINCT n = 'everybody', n COLLATE "C" AS name FROM unnest(named) n
      ORDER BY 1, 2 LOOP
    LOOP
      PERFORM FROM %schema%.subjects s WHERE s.subject = wanted.name FOR UPDATE;
      EXIT WHEN FOUND;
      INSERT INTO %schema%.subjects (subject) VALUES (wanted.name) ON CONFLICT DO NOTHING;
    END LOOP;
  END LOOP;
  verdict := 'done';
END
$$;

-- Concludes leases that are over, oldest first, each as of its end, and notes when the next one is.
-- Locks in the order of all verbs: holds, then subjects from narrow to wide.
CREATE OR REPLACE FUNCTION %schema%.expire(
  named text[], ids text[], batch integer, given_ms double precision, wait text,
  OUT verdict text, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  clock_ms double precision := %schema%.now_ms(given_ms);
  upto_ms double precision;
  own text[] := named ||
    ARRAY(SELECT unnest(h.subjects) FROM unnest(ids) id JOIN %schema%.holds h USING (id));
  due %schema%.holds[];
  held %schema%.holds;
BEGIN
  IF wait IS NOT NULL THEN
    PERFORM set_config('lock_timeout', wait, true), set_config('enable_seqscan', 'off', true);
  END IF;
  -- A row of which the time is ahead, since the clock was, speaks for its own leases only.
  SELECT greatest(clock_ms, max(s.at_ms)) INTO upto_ms
    FROM %schema%.subjects s WHERE s.subject = ANY (own);
  verdict := 'done';
  IF NOT EXISTS (SELECT FROM %schema%.subjects s
      WHERE s.subject = ANY (own) AND s.due_ms <= upto_ms) THEN
    RETURN;
  END IF;
  due := ARRAY(SELECT h FROM %schema%.holds h WHERE h.state = 0 AND h.expires_ms <= upto_ms
    AND (h.expires_ms <= clock_ms OR h.subjects && own)
    ORDER BY h.expires_ms LIMIT batch FOR UPDATE SKIP LOCKED);
  PERFORM FROM %schema%.subjects s WHERE s.subject = ANY (
      own || ARRAY(SELECT unnest(d.subjects) FROM unnest(due) d))
    ORDER BY s.subject = 'everybody', s.subject FOR UPDATE;
  FOREACH held IN ARRAY due LOOP
    PERFORM %schema%.conclude(
      held, CASE WHEN held.dispatched THEN 1 ELSE 2 END, NULL, held.expires_ms);
  END LOOP;
  UPDATE %schema%.subjects s SET due_ms = coalesce((SELECT h.expires_ms FROM %schema%.holds h
      WHERE h.state = 0 ORDER BY h.expires_ms LIMIT 1), 'Infinity')
    WHERE s.subject = ANY (own) AND s.due_ms <= upto_ms;
END
$$;
`;
