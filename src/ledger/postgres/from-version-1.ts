import { SHARED } from './stored-names.ts';

/** Functions of version 1 that counted and that version 2 does not use. */
const OUTDATED = [
  'read',
  'reserve',
  'conclude',
  'finish',
  'renew',
  'credit',
  'lock',
  'expire',
  'post',
];

/** Version 1 had another name for the account of all users. */
const GLOBAL = `
  UPDATE %schema%.subjects SET subject = '${SHARED}global' WHERE subject = 'everybody';
  UPDATE %schema%.holds SET subjects = array_replace(subjects, 'everybody', '${SHARED}global')
    WHERE 'everybody' = ANY (subjects);`;

/**
 * A claim of version 1 is ten numbers: kind, unit, capacity, cost, the window that it was taken from
 * (-1: none), four of its rule, and one that is no longer needed. Only holds that can still be ended
 * have claims. The units are in the order of version 1.
 */
const HOLDS = `
  ALTER TABLE %schema%.holds ADD COLUMN parts text;
  UPDATE %schema%.holds h SET
    subjects = ARRAY(SELECT named.subject
      FROM unnest(h.subjects) WITH ORDINALITY AS named (subject, turn)
      WHERE EXISTS (SELECT FROM unnest(h.who, h.slots) AS claimed (turn, slot)
        WHERE claimed.turn = named.turn AND left(claimed.slot, 8) <> '#sha256:')
      ORDER BY named.turn),
    parts = coalesce((SELECT jsonb_agg(jsonb_build_object(
        'subject', h.subjects[turn], 'cost', share[4], 'window', greatest(share[5], 0), 'rule',
        jsonb_build_object('kind', kind, 'key', key, 'unit', unit, 'amount', share[3]) || CASE kind
          WHEN 'calendar' THEN jsonb_build_object('windows', jsonb_build_array(
            jsonb_build_object('startMs', share[6], 'endMs', share[7]),
            jsonb_build_object('startMs', share[8], 'endMs', share[9])))
          WHEN 'rolling' THEN jsonb_build_object('windowMs', share[6])
          WHEN 'rate' THEN
            jsonb_build_object('amount', share[6], 'periodMs', share[7], 'burst', share[3])
          ELSE '{}' END) ORDER BY place)
      FROM unnest(h.who, h.slots) WITH ORDINALITY AS claimed (turn, slot, place),
        LATERAL (SELECT h.shares[place * 10 - 9 : place * 10] AS share,
          split_part(slot, ' ', 1) AS kind) AS taken,
        LATERAL (SELECT (ARRAY['requests', 'tokens', 'inputTokens', 'outputTokens', 'nanoUsd',
          'concurrent'])[share[2]::integer] AS unit,
          substr(slot, length(kind) + 2) AS rest) AS counted,
        LATERAL (SELECT CASE kind WHEN 'rolling' THEN substr(rest, strpos(rest, ' ') + 1)
          ELSE rest END AS key) AS ruled
      WHERE left(slot, 8) <> '#sha256:'), '[]')::text
    WHERE h.state IN (0, 1, 2);`;

/**
 * A limit of version 1 is four counts: calendar start, used, held; rolling newest bucket, used,
 * held, place of its 25 buckets; rate as of when, debt, 0; concurrent 0, 0, held. The counters
 * define what these become, and `slotNamed` how a limit is named. JSON has no Infinity. Each OFFSET
 * 0 keeps Postgres from computing a value again wherever it is used.
 */
const ACCOUNTS = `
  ALTER TABLE %schema%.subjects ADD COLUMN numbers text;
  UPDATE %schema%.subjects s SET live = 0, due_ms = 'Infinity',
    numbers = to_json(least(s.idle_ms, 9007199254740991) || ARRAY(SELECT section.number
      FROM unnest(s.slots) WITH ORDINALITY AS named (slot, place),
        LATERAL (SELECT s.counts[place * 4 - 3 : place * 4] AS four,
          split_part(slot, ' ', 1) AS kind OFFSET 0) AS counted,
        LATERAL (SELECT substr(slot, length(kind) + 2) AS rest OFFSET 0) AS ruled,
        LATERAL (SELECT encode(sha256(convert_to(kind || '/' || CASE kind
          WHEN 'rolling' THEN overlay(rest PLACING '/' FROM strpos(rest, ' ') FOR 1)
          ELSE '/' || rest END, 'UTF8')), 'hex') AS digest OFFSET 0) AS hashed,
        LATERAL (SELECT CASE kind
          WHEN 'calendar' THEN four[1:3]
          WHEN 'rate' THEN ARRAY[four[2], four[1]]
          WHEN 'concurrent' THEN four[3:3]
          ELSE four[3] || ARRAY(SELECT pair.number
            FROM generate_series(0, 24) AS age,
              LATERAL (SELECT four[1] - age AS bucket) AS aged,
              LATERAL (SELECT s.buckets[four[4]::integer + 1 + mod(bucket::bigint, 25)] AS amount
                OFFSET 0) AS used,
              LATERAL (VALUES (1, bucket), (2, amount)) AS pair (at, number)
            WHERE bucket >= 0 AND amount <> 0 ORDER BY age, pair.at) END AS kept OFFSET 0) AS meant,
        LATERAL unnest(ARRAY[
          -0.5 - ('x' || substr(digest, 1, 12))::bit(48)::bigint,
          -0.5 - ('x' || substr(digest, 13, 12))::bit(48)::bigint,
          cardinality(kept)]::double precision[] || kept) WITH ORDINALITY AS section (number, at)
      WHERE left(slot, 8) <> '#sha256:'
      ORDER BY place, section.at))::text;
  UPDATE %schema%.subjects s SET live = counted.live, due_ms = counted.due_ms
    FROM (SELECT part ->> 'subject' AS subject, count(*) AS live, min(h.expires_ms) AS due_ms
      FROM %schema%.holds h, jsonb_array_elements(h.parts::jsonb) AS part
      WHERE h.state = 0 GROUP BY 1) AS counted
    WHERE s.subject = counted.subject;`;

/**
 * Turns the tables of version 1 into those of version 2, in place, so that grants on them stay. It
 * does nothing if there are none, or the second time. It must run before the tables are made.
 * Processes that still run on version 1 then do not find their functions: they fail instead of
 * counting on columns that are no longer read.
 *
 * Version 1 named a limit by its text, or, if its key had hundreds of characters, by a hash of it.
 * The new name cannot be made from that hash. Such a limit starts at zero, and no hold keeps a part
 * of it, because such a part would later free what is no longer held. All other limits of the same
 * call stay exact.
 */
export const FROM_VERSION_1 = `
DO $$
DECLARE
  outdated regprocedure;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('%schema%.subjects')
      AND attname = 'counts' AND NOT attisdropped) THEN
    RETURN;
  END IF;
  -- A database may be configured to write numbers with fewer digits than they have.
  PERFORM set_config('extra_float_digits', '1', true);
  -- Verbs of version 1 that are in the way wait for locks no longer than their deadline.
  LOCK TABLE %schema%.holds, %schema%.subjects IN ACCESS EXCLUSIVE MODE;
  FOR outdated IN SELECT p.oid::regprocedure FROM pg_proc p
      WHERE p.pronamespace = '%schema%'::regnamespace AND p.proname = ANY ('{${OUTDATED}}') LOOP
    EXECUTE 'DROP FUNCTION ' || outdated;
  END LOOP;
${GLOBAL}
${HOLDS}
  ALTER TABLE %schema%.holds DROP COLUMN who, DROP COLUMN slots, DROP COLUMN shares;
${ACCOUNTS}
  ALTER TABLE %schema%.subjects ALTER COLUMN numbers SET NOT NULL,
    DROP COLUMN slots, DROP COLUMN counts, DROP COLUMN buckets;
END
$$;
`;
