const WRITE = `UPDATE %schema%.subjects s SET
      at_ms = entry.at_ms, idle_ms = entry.idle_ms, slots = entry.slots, counts = entry.counts,
      buckets = entry.buckets, live = entry.live,
      due_ms = CASE WHEN entry.live = 0 THEN 'Infinity'
        WHEN holds_more > 0 THEN least(entry.due_ms, now_ms + lease_ms) ELSE entry.due_ms END
      WHERE s.subject = entry.subject;`;

/**
 * The one function that counts. A claim is ten numbers: kind (0 calendar, 1 rolling, 2 rate,
 * 3 concurrent), unit, capacity, cost, window it was taken from (-1: the running one), four of its rule, and what is
 * to be added to what was used. A slot is four counts: calendar start, used, held · rolling newest
 * bucket, used, held, place of its 25 buckets · rate as of when, debt · concurrent -, -, held.
 */
export const POST_FUNCTION = `
CREATE OR REPLACE FUNCTION %schema%.now_ms(given double precision) RETURNS double precision
LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(given, floor(date_part('epoch', clock_timestamp()) * 1000))
$$;

-- Locks the rows in the given order, counts, and writes: all claims or, with a check, none.
-- Answers 'again' when a lease on one of them is over, which has to be concluded first.
CREATE OR REPLACE FUNCTION %schema%.post(
  checked boolean, named text[], who integer[], names text[], INOUT shares double precision[],
  holds_more integer, lease_ms double precision, given_ms double precision, is_expiry boolean,
  OUT verdict text, OUT now_ms double precision, OUT state text
) LANGUAGE plpgsql AS $$
DECLARE
  entry %schema%.subjects;
  kept %schema%.subjects[] := '{}';
  slots text[];
  counts double precision[];
  buckets double precision[];
  seen double precision[] := '{}';
  slot integer; at integer; share integer; ring integer; newest double precision;
  at_ms double precision; used double precision; taken double precision; added double precision;
  kind double precision; cost double precision; capacity double precision; period double precision;
  bucket double precision; idle_ms double precision; fits boolean := true;
BEGIN
  now_ms := 0;
  FOR turn IN 1 .. cardinality(named) LOOP
    LOOP
      SELECT * INTO entry FROM %schema%.subjects s WHERE s.subject = named[turn] FOR UPDATE;
      EXIT WHEN FOUND;
      INSERT INTO %schema%.subjects (subject) VALUES (named[turn]) ON CONFLICT DO NOTHING;
    END LOOP;
    at_ms := greatest(
      coalesce(given_ms, floor(date_part('epoch', clock_timestamp()) * 1000)), entry.at_ms);
    IF entry.due_ms <= at_ms AND NOT is_expiry THEN
      verdict := 'again';
      RETURN;
    END IF;
    now_ms := greatest(now_ms, at_ms);
    slots := entry.slots;
    counts := entry.counts;
    buckets := entry.buckets;
    idle_ms := entry.idle_ms;
    FOR claim IN 1 .. cardinality(who) LOOP
      CONTINUE WHEN who[claim] <> turn;
      share := claim * 10 - 10;
      kind := shares[share + 1];
      capacity := shares[share + 3];
      cost := shares[share + 4];
      added := shares[share + 10];
      slot := array_position(slots, names[claim]);
      IF slot IS NULL THEN
        slots := slots || names[claim];
        slot := cardinality(slots);
        counts := counts || ARRAY[0, 0, 0, cardinality(buckets)]::double precision[];
        IF kind = 1 THEN
          buckets := buckets || array_fill(0::double precision, ARRAY[25]);
        END IF;
      END IF;
      at := slot * 4 - 4;

      IF kind = 0 THEN
        newest := CASE WHEN at_ms < shares[share + 7] THEN shares[share + 6] ELSE shares[share + 8] END;
        IF shares[share + 5] < 0 THEN
          IF newest > counts[at + 1] THEN
            counts[at + 1] := newest;
            counts[at + 2] := 0;
          END IF;
          shares[share + 5] := counts[at + 1];
          period := CASE WHEN at_ms < shares[share + 7] THEN shares[share + 7] ELSE shares[share + 9] END;
          idle_ms := greatest(idle_ms,
            CASE WHEN period > at_ms THEN period ELSE at_ms + period - newest END);
        END IF;
        used := counts[at + 2];
        IF checked THEN
          seen := seen || ARRAY[at_ms, counts[at + 1], used, counts[at + 3]];
        END IF;
        IF added = '-Infinity' THEN
          counts[at + 2] := least(used, 0);
        ELSIF counts[at + 1] = shares[share + 5] THEN
          counts[at + 2] := least(used + added, 9007199254740991);
        END IF;
      ELSIF kind = 1 THEN
        ring := counts[at + 4];
        newest := greatest(floor(at_ms * 24 / shares[share + 6]), counts[at + 1]);
        IF newest > counts[at + 1] THEN
          bucket := greatest(counts[at + 1] + 1, newest - 24);
          WHILE bucket <= newest LOOP
            buckets[ring + 1 + mod(bucket::bigint, 25)] := 0;
            bucket := bucket + 1;
          END LOOP;
          counts[at + 1] := newest;
          used := 0;
          FOR place IN 1 .. 25 LOOP
            used := used + buckets[ring + place];
          END LOOP;
          counts[at + 2] := used;
        END IF;
        IF shares[share + 5] < 0 THEN
          shares[share + 5] := newest;
          idle_ms := greatest(idle_ms, ceil((newest + 25) * shares[share + 6] / 24));
        END IF;
        used := counts[at + 2];
        IF checked THEN
          seen := seen || ARRAY[at_ms, newest, used, counts[at + 3]] || buckets[ring + 1 : ring + 25];
        END IF;
        IF added = '-Infinity' THEN
          IF used > 0 THEN
            counts[at + 2] := 0;
            buckets[ring + 1 : ring + 25] := array_fill(0::double precision, ARRAY[25]);
          END IF;
        ELSIF added <> 0 AND shares[share + 5] >= newest - 24 AND shares[share + 5] <= newest THEN
          slot := ring + 1 + mod(shares[share + 5]::bigint, 25);
          counts[at + 2] := used + added;
          buckets[slot] := least(buckets[slot] + added, 9007199254740991);
        END IF;
      ELSIF kind = 2 THEN
        period := shares[share + 7];
        used := greatest(counts[at + 2] - (at_ms - counts[at + 1]) * shares[share + 6] / period, 0);
        IF checked THEN
          seen := seen || ARRAY[at_ms, counts[at + 1], counts[at + 2], 0];
        END IF;
        IF added = '-Infinity' THEN
          counts[at + 2] := 0;
        ELSIF added <> 0 THEN
          counts[at + 1] := at_ms;
          counts[at + 2] := least(greatest(used + added, 0), 9007199254740991);
          idle_ms := greatest(idle_ms, at_ms + 1 + CASE WHEN shares[share + 6] = 0 THEN period
            ELSE ceil(counts[at + 2] * period / shares[share + 6]) END);
        END IF;
        used := ceil(used);
      ELSE
        used := 0;
        IF checked THEN
          seen := seen || ARRAY[at_ms, 0, 0, counts[at + 3]];
        END IF;
      END IF;

      IF checked THEN
        taken := counts[at + 3];
        fits := fits AND capacity > 0 AND (cost = 0 OR used + taken + cost <= capacity);
      END IF;
      IF kind <> 2 THEN
        counts[at + 3] := counts[at + 3] + cost * holds_more;
      END IF;
    END LOOP;
    entry.at_ms := at_ms;
    entry.idle_ms := idle_ms;
    entry.slots := slots;
    entry.counts := counts;
    entry.buckets := buckets;
    entry.live := entry.live + holds_more;
    -- Nothing is written before all rows are known to be as they should.
    IF turn < cardinality(named) THEN
      kept := kept || entry;
    ELSIF fits THEN
      ${WRITE}
    END IF;
  END LOOP;

  state := array_to_string(seen, ',');
  IF NOT fits THEN
    verdict := 'denied';
    RETURN;
  END IF;
  verdict := 'done';
  FOR turn IN 1 .. cardinality(kept) LOOP
    entry := kept[turn];
    ${WRITE}
  END LOOP;
END
$$;
`;
