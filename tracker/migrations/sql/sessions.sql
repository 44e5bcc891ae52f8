-- Sessions are added up per release, environment and hour; rows are keyed by project.
CREATE TABLE tracker_sessionhour (
    project_id bigint NOT NULL,
    release_id bigint NOT NULL,
    environment_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    total bigint NOT NULL,
    errored bigint NOT NULL,
    abnormal bigint NOT NULL,
    crashed bigint NOT NULL,
    users bytea NOT NULL,
    crashed_users bytea NOT NULL,
    PRIMARY KEY (project_id, release_id, environment_id, bucket),
    CONSTRAINT sessions_exclude CHECK (
        errored >= 0 AND abnormal >= 0 AND crashed >= 0
        AND errored + abnormal + crashed <= total)
) WITH (fillfactor = 50);
ALTER TABLE tracker_sessionhour ALTER COLUMN users SET STORAGE EXTERNAL;
ALTER TABLE tracker_sessionhour ALTER COLUMN crashed_users SET STORAGE EXTERNAL;
CREATE INDEX sessionhour_bucket ON tracker_sessionhour USING brin (bucket);

-- One row per session that sends updates: it counts once, later words change its outcome.
CREATE TABLE tracker_session (
    project_id bigint NOT NULL,
    sid uuid NOT NULL,
    seq bigint NOT NULL,
    outcome smallint NOT NULL,
    release_id bigint NOT NULL,
    environment_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    PRIMARY KEY (project_id, sid)
) WITH (fillfactor = 80);
CREATE INDEX session_bucket ON tracker_session USING brin (bucket);

-- How many issues a project opened lately: the cap on what strangers create.
CREATE INDEX issue_project_first_seen ON tracker_issue (project_id, first_seen DESC);
