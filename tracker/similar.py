"""Issues that look like one: what they are compared by is written when an issue is founded,
or soon after by a timer (`ingest.likeness`).

A suggestion for people: nothing is merged by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from tracker.domain.grouping.similarity import Features, similarity
from tracker.models import Issue
from tracker.models.issue import to_base36
from tracker.sql import columns, run

MOST_CANDIDATES = 200
MOST_SHOWN = 5
ENOUGH = 0.35
"""Scores below tell nothing: a type alone reaches about 0.3."""
_ANCHORS = ("type:", "frame:")


@dataclass(frozen=True, slots=True)
class Similar:
    """An issue that looks like another."""

    id: int
    short_id: str
    title: str
    culprit: str
    events: int
    score: float

    @property
    def percent(self) -> int:
        """The score for people."""
        return round(100 * self.score)


def anchors_of(project: int, features: Features) -> list[int]:
    """Hashes of what candidates must share one of; they include the project."""
    return sorted(_hash(f"{project} {name}") for name in features if name.startswith(_ANCHORS))


def _hash(text: str) -> int:
    raw = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(raw, "big", signed=True)


def insert_features(rows: Sequence[tuple[int, int, Features]]) -> None:
    """Remember what new issues are compared by: (project, issue, features)."""
    if not rows:
        return
    # Arrays in arrays must be of one length for `unnest`, so anchors travel as text.
    packed = [
        (project, issue, _array(anchors_of(project, features)), _json(features))
        for project, issue, features in rows
    ]
    run(
        """INSERT INTO tracker_issuefeatures (project_id, issue_id, anchors, features)
           SELECT project, issue, anchors::bigint[], features::jsonb
           FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[])
             q (project, issue, anchors, features)
           ON CONFLICT DO NOTHING""",
        columns(packed, 4),
    )


def issues_without(most: int) -> list[tuple[int, int]]:
    """Live issues that cannot be compared yet: (project, issue)."""
    return run(
        """SELECT i.project_id, i.id FROM tracker_issue i
           WHERE i.merged_into IS NULL AND i.deleted_at IS NULL AND NOT EXISTS (
             SELECT 1 FROM tracker_issuefeatures f
             WHERE f.project_id = i.project_id AND f.issue_id = i.id)
           ORDER BY i.project_id, i.id LIMIT %s""",
        [most],
    ).fetchall()


def _array(numbers: Sequence[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _json(features: Features) -> str:
    """JSON that jsonb takes: neither NUL nor half of a surrogate pair."""
    clean = {
        name.replace("\x00", "").encode("utf-8", "replace").decode(): weight
        for name, weight in features.items()
    }
    return orjson.dumps(clean).decode()


# Candidates first, by the index alone; only the latest of them are read. The issue itself
# shares all of its anchors, so its own features come with the same answer.
_CANDIDATES = """
WITH near AS MATERIALIZED (
  SELECT issue_id FROM tracker_issuefeatures
  WHERE project_id = %s AND anchors && (
    SELECT anchors FROM tracker_issuefeatures WHERE project_id = %s AND issue_id = %s)
), latest AS (
  SELECT issue_id FROM near ORDER BY issue_id = %s DESC, issue_id DESC LIMIT %s
)
SELECT i.id, left(coalesce(nullif(i.title, ''), i.type), 300), i.culprit, i.events, f.features::text
FROM latest l
JOIN tracker_issue i ON i.project_id = %s AND i.id = l.issue_id
JOIN tracker_issuefeatures f ON f.project_id = %s AND f.issue_id = l.issue_id
WHERE i.merged_into IS NULL AND i.deleted_at IS NULL
"""


def similar_to(issue: Issue) -> list[Similar]:
    """The live issues of the project that look most like this one; one query."""
    project = issue.project_id
    rows = run(
        _CANDIDATES,
        [project, project, issue.pk, issue.pk, MOST_CANDIDATES + 1, project, project],
    ).fetchall()
    features = {number: orjson.loads(packed) for number, *_, packed in rows}
    mine = features.get(issue.pk)
    if not mine:
        return []
    slug = issue.project.slug.upper()
    found = [
        Similar(number, f"{slug}-{to_base36(number)}", title, culprit, events, score)
        for number, title, culprit, events, _ in rows
        if number != issue.pk and (score := similarity(mine, features[number])) >= ENOUGH
    ]
    found.sort(key=lambda one: (-one.score, -one.id))
    return found[:MOST_SHOWN]
