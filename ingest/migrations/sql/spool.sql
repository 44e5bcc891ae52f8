-- How far each file of a spool is drained, written in the transaction that puts its letters.
CREATE TABLE ingest_spool (
    segment varchar(120) PRIMARY KEY,
    position bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
