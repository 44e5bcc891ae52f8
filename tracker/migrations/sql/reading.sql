-- What lists and searches walk. Rows of tracker_issue change with their counts, so each index
-- here is written by the digest too: these are all that a list of 100,000 issues needs.
CREATE INDEX issue_seen ON tracker_issue (last_seen DESC, id DESC);
CREATE INDEX issue_status_events ON tracker_issue (status, events DESC, id DESC);
CREATE INDEX issue_status_users ON tracker_issue (status, users DESC, id DESC);

-- "Which issues have this tag": written when an issue meets a value for the first time;
-- counting it again touches no indexed column. The key first: PostgreSQL before 18 can't skip.
CREATE INDEX issuetag_value ON tracker_issuetag (key, value, project_id, issue_id);

-- Values belong to keys, and patterns are matched in capitals: without these the planner takes
-- every match for a rare one, and sorts 70,000 issues to show 30.
CREATE STATISTICS issuetag_pairs (mcv, ndistinct) ON key, value FROM tracker_issuetag;
CREATE STATISTICS issue_type_capitals ON (upper(type::text)) FROM tracker_issue;
CREATE STATISTICS issue_message_capitals ON (upper(message::text)) FROM tracker_issue;
CREATE STATISTICS issue_culprit_capitals ON (upper(culprit::text)) FROM tracker_issue;
