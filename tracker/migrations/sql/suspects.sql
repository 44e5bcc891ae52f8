-- Commits that may have brought an issue. Rows go with their issue.
CREATE TABLE tracker_issuesuspects (
    project_id bigint NOT NULL,
    issue_id bigint NOT NULL,
    activity_id bigint NOT NULL,
    found jsonb NOT NULL,
    at timestamptz NOT NULL,
    tries integer NOT NULL,
    retry_at timestamptz,
    PRIMARY KEY (project_id, issue_id)
);
-- The worker's list of what to look at again.
CREATE INDEX suspects_due ON tracker_issuesuspects (retry_at) WHERE retry_at IS NOT NULL;
