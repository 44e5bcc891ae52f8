-- Which line of the ownership rules an issue fell under. Rows go with their issue.
CREATE TABLE tracker_issueowner (
    project_id bigint NOT NULL,
    issue_id bigint NOT NULL,
    revision integer NOT NULL,
    line integer NOT NULL,
    rule text NOT NULL,
    value text NOT NULL,
    owners text[] NOT NULL,
    user_id bigint,
    team_id bigint,
    at timestamptz NOT NULL,
    PRIMARY KEY (project_id, issue_id)
);

-- Events of a release in an environment, ever: few rows, updated by each batch.
CREATE TABLE tracker_releaseuse (
    project_id bigint NOT NULL,
    release_id bigint NOT NULL,
    environment_id bigint NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (project_id, release_id, environment_id)
) WITH (fillfactor = 50);

-- The same by five minutes, to compare releases at equal age. Kept 90 days.
CREATE TABLE tracker_release5m (
    project_id bigint NOT NULL,
    release_id bigint NOT NULL,
    environment_id bigint NOT NULL,
    bucket timestamptz NOT NULL,
    events integer NOT NULL,
    PRIMARY KEY (project_id, release_id, environment_id, bucket)
) WITH (fillfactor = 80);
CREATE INDEX release5m_old ON tracker_release5m USING brin (bucket);
