import { SHARED } from './stored-names.ts';

/** Postgres keeps the plans, and they use the indexes even while the tables are small. */
const BY_KEY = `SET enable_seqscan = off SET plan_cache_mode = force_generic_plan`;

const lockOrder = (name: string): string => `ORDER BY starts_with(${name}, '${SHARED}'), ${name}`;

/**
 * What a transaction reads and what it writes: two functions, so that Postgres keeps their plans.
 * All transactions lock in the same order, so that they cannot wait for each other in a circle:
 * holds by id, then accounts by name, and shared accounts last, because most transactions need
 * those. `subjects` is the stored name of accounts.
 */
export const ROW_FUNCTIONS = `
CREATE OR REPLACE FUNCTION %schema%.now_ms(given double precision) RETURNS double precision
LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(given, floor(date_part('epoch', clock_timestamp()) * 1000))
$$;

-- Locks holds, and accounts: the named ones and those of the holds. The time is read after the wait.
CREATE OR REPLACE FUNCTION %schema%.fetch(
  ids text[], names text[], given_ms double precision, lock_wait text, idle_wait text
) RETURNS TABLE (
  kind text, name text, state integer, is_dispatched boolean, at_ms double precision,
  until_ms double precision, body text
) LANGUAGE plpgsql ${BY_KEY} AS $$
BEGIN
  PERFORM set_config('lock_timeout', lock_wait, true),
    set_config('idle_in_transaction_session_timeout', idle_wait, true);
  IF cardinality(ids) > 0 THEN
    RETURN QUERY SELECT 'hold', h.id, h.state::integer, h.dispatched, NULL::double precision,
      h.expires_ms, h.parts
      FROM %schema%.holds h WHERE h.id = ANY (ids) ORDER BY h.id FOR UPDATE;
    IF FOUND THEN
      names := names ||
        ARRAY(SELECT unnest(h.subjects) FROM %schema%.holds h WHERE h.id = ANY (ids));
    END IF;
  END IF;
  RETURN QUERY SELECT 'account', s.subject, s.live, NULL::boolean, s.at_ms, s.due_ms, s.numbers
    FROM %schema%.subjects s WHERE s.subject = ANY (names)
    ${lockOrder('s.subject')} FOR UPDATE;
  RETURN QUERY SELECT 'clock', NULL, NULL::integer, NULL::boolean, %schema%.now_ms(given_ms),
    NULL::double precision, NULL;
END
$$;

-- If another transaction has made one of the rows meanwhile, this one is undone.
CREATE OR REPLACE FUNCTION %schema%.write(
  now_ms double precision,
  account_keys text[], account_new boolean[], account_live integer[],
  account_due double precision[], account_idle double precision[], account_numbers text[],
  hold_ids text[], hold_new boolean[], hold_state integer[], hold_dispatched boolean[],
  hold_expires double precision[], hold_subjects text[], hold_parts text[]
) RETURNS void LANGUAGE plpgsql ${BY_KEY} AS $$
BEGIN
  IF true = ANY (account_new) THEN
    INSERT INTO %schema%.subjects (subject, at_ms, live, due_ms, idle_ms, numbers)
      SELECT n.key, now_ms, n.live, n.due, n.idle, n.numbers
      FROM unnest(account_keys, account_new, account_live, account_due, account_idle, account_numbers)
        n (key, is_new, live, due, idle, numbers)
      WHERE n.is_new ${lockOrder('n.key')};
  END IF;
  IF false = ANY (account_new) THEN
    UPDATE %schema%.subjects s
      SET at_ms = now_ms, live = n.live, due_ms = n.due, idle_ms = n.idle, numbers = n.numbers
      FROM unnest(account_keys, account_new, account_live, account_due, account_idle, account_numbers)
        n (key, is_new, live, due, idle, numbers)
      WHERE NOT n.is_new AND s.subject = n.key;
  END IF;
  IF true = ANY (hold_new) THEN
    INSERT INTO %schema%.holds
        (id, state, dispatched, expires_ms, ended_ms, subjects, parts)
      SELECT n.id, n.state, n.dispatched, n.expires, CASE WHEN n.state > 0 THEN now_ms END,
        nullif(n.subjects, '')::text[], nullif(n.parts, '')
      FROM unnest(hold_ids, hold_new, hold_state, hold_dispatched, hold_expires, hold_subjects,
        hold_parts) n (id, is_new, state, dispatched, expires, subjects, parts)
      WHERE n.is_new ORDER BY n.id;
  END IF;
  IF false = ANY (hold_new) THEN
    UPDATE %schema%.holds h
      SET state = n.state, dispatched = n.dispatched, expires_ms = n.expires,
        ended_ms = CASE WHEN n.state > 0 THEN now_ms END,
        subjects = CASE WHEN n.state < 3 THEN h.subjects END,
        parts = CASE WHEN n.state < 3 THEN h.parts END
      FROM unnest(hold_ids, hold_new, hold_state, hold_dispatched, hold_expires)
        n (id, is_new, state, dispatched, expires)
      WHERE NOT n.is_new AND h.id = n.id;
  END IF;
END
$$;
`;

/** Reads accounts without a lock, as of one moment. */
export const peekText = (schema: string): string =>
  `SELECT 'account' AS kind, s.subject AS name, s.live AS state, s.at_ms, s.due_ms AS until_ms,
     s.numbers AS body FROM ${schema}.subjects s WHERE s.subject = ANY ($1)
   UNION ALL SELECT 'clock', NULL, NULL, ${schema}.now_ms($2), NULL, NULL`;

/** Returns the holds of some accounts whose lease is over, without those that are known, and when
 * the next lease ends. */
export const dueText = (schema: string): string =>
  `(SELECT h.id, NULL AS next_ms FROM ${schema}.holds h WHERE h.state = 0 AND h.expires_ms <= $1
     AND h.subjects && $2::text[] AND h.id <> ALL ($3::text[]) ORDER BY h.expires_ms LIMIT $4)
   UNION ALL SELECT NULL, (SELECT h.expires_ms FROM ${schema}.holds h WHERE h.state = 0
     AND h.expires_ms > $1 ORDER BY h.expires_ms LIMIT 1)`;
