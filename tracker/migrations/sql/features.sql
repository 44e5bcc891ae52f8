-- What similar issues are found by. Anchors are hashes that include the project, so the
-- index finds no other project's issues. Rows go with their issue.
CREATE TABLE tracker_issuefeatures (
    project_id bigint NOT NULL,
    issue_id bigint NOT NULL,
    anchors bigint[] NOT NULL,
    features jsonb NOT NULL,
    PRIMARY KEY (project_id, issue_id)
);
CREATE INDEX issuefeatures_anchors ON tracker_issuefeatures USING gin (anchors);
