"""SQL of issues' owners: the rule that each fell under last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from tracker.sql import columns, run


class OwnerRow(NamedTuple):
    """What the rules said of an issue."""

    project_id: int
    issue_id: int
    revision: int
    line: int
    rule: str
    value: str
    owners: str
    """Parted by spaces, which no owner has."""
    user_id: int | None
    team_id: int | None
    at: datetime


def put(rows: Sequence[OwnerRow]) -> None:
    """Replace what was said before. Rows come sorted; the caller holds the issues' locks."""
    run(
        """INSERT INTO tracker_issueowner
             (project_id, issue_id, revision, line, rule, value, owners, user_id, team_id, at)
           SELECT project, issue, revision, line, rule, value,
                  string_to_array(owners, ' '), person, team, at
           FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::text[], %s::text[],
                       %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[])
             q (project, issue, revision, line, rule, value, owners, person, team, at)
           ON CONFLICT (project_id, issue_id) DO UPDATE SET
             revision = excluded.revision, line = excluded.line, rule = excluded.rule,
             value = excluded.value, owners = excluded.owners, user_id = excluded.user_id,
             team_id = excluded.team_id, at = excluded.at""",
        columns(rows, 10),
    )


def forget(rows: Sequence[tuple[int, int]]) -> None:
    """No rule matches these issues any more: (project, issue)."""
    run(
        """DELETE FROM tracker_issueowner o USING unnest(%s::bigint[], %s::bigint[]) q (p, i)
           WHERE o.project_id = q.p AND o.issue_id = q.i""",
        columns(rows, 2),
    )
