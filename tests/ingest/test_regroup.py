"""A preview reads stored events as they were when they were grouped."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import regroup
from ingest.adapters.base import Context
from ingest.adapters.sentry import event_from_dict
from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tests.ingest.adapters.test_recorded import FILES, replay
from tracker.domain.grouping import NO_RULES, keys_of
from tracker.domain.grouping.rules import rules_of
from tracker.models import EventRow, GroupingKey, Issue, Project
from tracker.payloads import pack, unpack


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.mark.django_db(transaction=True)
def test_a_stored_event_has_the_keys_it_was_grouped_by(project: Project) -> None:
    bodies = [
        python_event(1, fingerprint=["a", "{{ default }}"]),
        python_event(2, environment="x", tags={"shop": "b"}, release="1.0"),
        {"event_id": "ab" * 16, "message": {"message": "took %s s", "params": [3]}},
        {"event_id": "ac" * 16, "logentry": {"message": "took %s s", "params": [3]}},
        {"event_id": "ad" * 16, "checksum": "0123456789abcdef", "message": "old raven"},
    ]
    assert send(project, *bodies) == len(bodies)
    for row in EventRow.objects.filter(project_id=project.pk):
        keys = keys_of(regroup.event_of(row))
        stored = GroupingKey.objects.get(pk=row.key_id)
        assert bytes(stored.hash) in {key.hash for key in keys.keys}, stored.why


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_normalising_twice_changes_no_key(path: Path) -> None:
    """Whatever the protocol: a preview reads what was stored in the Sentry shape."""
    context = Context(project_id=1, received=1795372000.0, event_id="f" * 32)
    _, parsed = replay(path, context)
    for first in parsed.events:
        again = event_from_dict(unpack(pack(first.data), 1), context)
        assert keys_of(again) == keys_of(first)
        assert (again.tags, again.release) == (first.tags, first.release)


@pytest.mark.django_db(transaction=True)
def test_preview_tells_what_joins_and_splits_and_where_it_is(project: Project) -> None:
    send(project, *(python_event(n, release=f"{n % 2}") for n in (1, 2, 1, 2, 3)))
    told = regroup.preview_rules(
        project, NO_RULES, rules_of("type:ValueError -> r, {{ release }}", "")
    )
    found = told.preview
    assert (found.events, found.before, found.after) == (5, 3, 2)
    assert told.idle == ()
    assert [change.sizes for change in found.joins] == [(2, 1)]
    issues = {told.places[place].issue_id for place in found.joins[0].firsts}
    assert issues == set(Issue.objects.filter(culprit__regex="[13]").values_list("pk", flat=True))
    assert Issue.objects.count() == 3, "nothing was changed"


@pytest.mark.django_db(transaction=True)
def test_preview_of_the_rules_that_hold_changes_nothing(project: Project) -> None:
    send(project, *(python_event(n) for n in (1, 2, 1)))
    rules = rules_of("type:* -> one", "")
    found = regroup.preview_rules(project, rules, rules).preview
    assert (found.before, found.after, found.moved) == (1, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_preview_keeps_its_bounds(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    send(project, *(python_event(n) for n in range(5)))
    monkeypatch.setattr(regroup, "MOST_EVENTS", 3)
    monkeypatch.setattr(regroup, "CHUNK", 2)
    told = regroup.preview_rules(project, NO_RULES, NO_RULES)
    assert (told.preview.events, told.cut) == (3, False)
    newest = EventRow.objects.order_by("-received_at", "-event_id").values_list(
        "event_id", flat=True
    )
    assert [place.event_id for place in told.places] == list(newest[:3])[::-1]
    monkeypatch.setattr(regroup, "SECONDS", -1.0)
    assert regroup.preview_rules(project, NO_RULES, NO_RULES).cut


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_read_is_counted(project: Project) -> None:
    send(project, python_event(1), python_event(2))
    first = EventRow.objects.all()[0]
    EventRow.objects.filter(event_id=first.event_id).update(payload=b"broken")
    told = regroup.preview_rules(project, NO_RULES, NO_RULES)
    assert (told.preview.events, told.unread) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_preview_names_rules_that_came_to_no_event(project: Project) -> None:
    send(project, *(python_event(n) for n in (1, 2)))
    text = "type:ValueError -> a\ntype:Value* -> b\ntype:Nobody -> c"
    told = regroup.preview_rules(project, NO_RULES, rules_of(text, ""))
    assert told.idle == ("type:Value* -> b", "type:Nobody -> c")
