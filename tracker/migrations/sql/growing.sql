-- Tables that only grow are looked through when they have grown by half rather than by a tenth:
-- each look reads 30,000 pages. (They are vacuumed as before: a vacuum reads what is new alone,
-- and when all of them doubled at once three long ones kept the short ones waiting.)
ALTER TABLE tracker_eventseen SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE tracker_issueuser SET (autovacuum_analyze_scale_factor = 0.5);

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
    -- A sketch of many people has 2.1 to 2.4 KB: out of line each change writes it anew.
    EXECUTE format('CREATE TABLE %I PARTITION OF tracker_rollup5m FOR VALUES FROM (%L) TO (%L)'
                   ' WITH (%s, toast_tuple_target = 8160)',
                   'tracker_rollup5m_' || suffix, start, stop, counted);
    EXECUTE format('CREATE TABLE %I PARTITION OF tracker_rolluphour FOR VALUES FROM (%L) TO (%L)'
                   ' WITH (%s)',
                   'tracker_rolluphour_' || suffix, start, stop, counted);
END
$$;
