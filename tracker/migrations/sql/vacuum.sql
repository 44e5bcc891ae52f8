-- Rows that every event touches: dead versions go at a twentieth of a table rather than a fifth.
ALTER TABLE tracker_issue SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE tracker_groupingkey SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE tracker_issuetag SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE tracker_issueuser SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE tracker_rollupday SET (autovacuum_vacuum_scale_factor = 0.05);

CREATE OR REPLACE FUNCTION tracker_ensure_day(wanted date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    suffix text := to_char(wanted, 'YYYYMMDD');
    parent text;
BEGIN
    IF to_regclass('tracker_event_' || suffix) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Two workers on the eve of a new day: one makes it, the other finds it.
    PERFORM pg_advisory_xact_lock(hashtext('tracker_ensure_day'));
    IF to_regclass('tracker_event_' || suffix) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF tracker_event FOR VALUES FROM (%L) TO (%L)',
                   'tracker_event_' || suffix, wanted, wanted + 1);
    FOREACH parent IN ARRAY ARRAY['tracker_rollup5m', 'tracker_rolluphour'] LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)'
                       ' WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)',
                       parent || '_' || suffix, parent,
                       wanted::timestamp AT TIME ZONE 'UTC', (wanted + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END
$$;
