-- Buckets are numbered: a project's id, or minus a key's id where the key has its own rate.
ALTER TABLE ingest_rate RENAME COLUMN project_id TO bucket;

-- What each key sent, per UTC day. Added to once a second by each web process.
CREATE TABLE ingest_usage (
    project_id bigint NOT NULL,
    key_id bigint NOT NULL,
    day date NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (project_id, key_id, day)
) WITH (fillfactor = 40);
CREATE INDEX usage_of_key ON ingest_usage (key_id, day);

-- Which notices of a quota were written: once a month, over all processes.
CREATE TABLE ingest_quotanotice (
    key_id bigint NOT NULL,
    month date NOT NULL,
    percent smallint NOT NULL,
    PRIMARY KEY (key_id, month, percent)
);

-- Which SDKs send, and when last.
CREATE TABLE ingest_client (
    project_id bigint NOT NULL,
    sdk varchar(128) NOT NULL,
    last_at timestamptz NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (project_id, sdk)
) WITH (fillfactor = 40);
