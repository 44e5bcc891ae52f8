-- A look through a table copies 300 rows for each step of its columns' target into memory, whole,
-- payloads included: 60 MB with the usual 100. Events are found by issue and by id; both are known
-- well enough from a quarter of that. The highest target counts: whoever adds a column to
-- tracker_event calls this for all of its partitions again.
CREATE OR REPLACE FUNCTION tracker_sample_less(relation regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s %s', relation, (
        SELECT string_agg(format('ALTER COLUMN %I SET STATISTICS 25', attname), ', ')
        FROM pg_attribute WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped));
END
$$;

CREATE OR REPLACE FUNCTION tracker_ensure_day(wanted date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    suffix text := to_char(wanted, 'YYYYMMDD');
    start timestamptz := wanted::timestamp AT TIME ZONE 'UTC';
    stop timestamptz := (wanted + 1)::timestamp AT TIME ZONE 'UTC';
    counted text := 'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05';
BEGIN
    IF to_regclass('tracker_event_' || suffix) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Two workers on the eve of a new day: one makes it, the other finds it.
    PERFORM pg_advisory_xact_lock(hashtext('tracker_ensure_day'));
    IF to_regclass('tracker_event_' || suffix) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF tracker_event FOR VALUES FROM (%L) TO (%L) WITH'
                   ' (autovacuum_analyze_scale_factor = 0.5)',
                   'tracker_event_' || suffix, wanted, wanted + 1);
    PERFORM tracker_sample_less(to_regclass('tracker_event_' || suffix));
    -- A sketch of many people has 2.1 to 2.4 KB: out of line each change writes it anew.
    EXECUTE format('CREATE TABLE %I PARTITION OF tracker_rollup5m FOR VALUES FROM (%L) TO (%L)'
                   ' WITH (%s, toast_tuple_target = 8160)',
                   'tracker_rollup5m_' || suffix, start, stop, counted);
    EXECUTE format('CREATE TABLE %I PARTITION OF tracker_rolluphour FOR VALUES FROM (%L) TO (%L)'
                   ' WITH (%s)',
                   'tracker_rolluphour_' || suffix, start, stop, counted);
END
$$;

SELECT tracker_sample_less(inhrelid::regclass)
FROM pg_inherits WHERE inhparent = 'tracker_event'::regclass;
