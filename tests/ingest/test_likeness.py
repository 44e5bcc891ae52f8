"""Issues that the digest left without what they are compared by get it from a timer."""

from __future__ import annotations

import pytest

from ingest import likeness
from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker import similar
from tracker.models import EventRow, Issue, IssueFeatures
from tracker.similar import similar_to

pytestmark = pytest.mark.django_db(transaction=True)


def forget(project_id: int) -> dict[int, dict[str, float]]:
    """Take away what was written; answers what it was."""
    rows = IssueFeatures.objects.filter(project_id=project_id)
    found = {row.issue_id: row.features for row in rows}
    rows.delete()
    return found


def test_issues_get_what_the_digest_would_have_written() -> None:
    project = make_project()
    send(project, *(python_event(n) for n in (1, 2, 3)))
    before = forget(project.pk)
    assert len(before) == 3
    assert likeness.fill() >= 3
    after = {
        row.issue_id: row.features for row in IssueFeatures.objects.filter(project_id=project.pk)
    }
    assert after == before
    assert not [one for one in similar.issues_without(1_000) if one[0] == project.pk]


def test_an_issue_without_events_is_compared_by_its_words() -> None:
    project = make_project()
    send(project, python_event(1), python_event(1, fingerprint=["twin"]))
    one, other = Issue.objects.filter(project=project).order_by("pk")
    EventRow.objects.filter(project_id=project.pk, issue_id=other.pk).delete()
    forget(project.pk)
    likeness.fill()
    assert [found.id for found in similar_to(one)] == [other.pk]


def test_a_chunk_goes_on_where_the_last_one_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    send(project, *(python_event(n) for n in range(5)))
    forget(project.pk)
    monkeypatch.setattr(likeness, "CHUNK", 2)
    assert likeness.fill() >= 5
    assert IssueFeatures.objects.filter(project_id=project.pk).count() == 5
