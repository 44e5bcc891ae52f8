-- Expand: columns with constant defaults rewrite nothing; what runs an older version goes on.
SET LOCAL lock_timeout = '5s';
ALTER TABLE tracker_issue
    ADD COLUMN resolution jsonb,
    ADD COLUMN snooze jsonb,
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN priority smallint NOT NULL DEFAULT 20,
    ADD COLUMN priority_by_hand boolean NOT NULL DEFAULT false,
    ADD COLUMN trend double precision NOT NULL DEFAULT 1,
    ADD CONSTRAINT issue_snoozed_how CHECK (
        (status = 'snoozed') = (snooze IS NOT NULL)
        AND (snoozed_until IS NULL OR status = 'snoozed')) NOT VALID,
    ADD CONSTRAINT issue_priority CHECK (priority IN (10, 20, 30)) NOT VALID;
