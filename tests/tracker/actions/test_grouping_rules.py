"""Rules of a project: saved, refused, undone; and versions that never split an issue."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ingest import digest
from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker import books
from tracker.actions import grouping_rules, moving, triage
from tracker.domain.grouping import VERSIONS, Key, g1
from tracker.domain.grouping.keys import digest as hash_of
from tracker.models import Activity, GroupingKey, GroupingRules, Issue, Project

pytestmark = pytest.mark.django_db(transaction=True)

JOIN = 'type:ValueError -> all-values, {{ level }} title="All values"'


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers of projects for five seconds."""
    monkeypatch.setattr(digest, "_SETTINGS_FRESH", 0.0)
    monkeypatch.setattr(grouping_rules, "_compiled", {})


@pytest.fixture
def project() -> Project:
    return make_project()


def save(project: Project, fingerprint: str = "", stack: str = "", base: int = 0) -> int:
    row = grouping_rules.save(project, fingerprint, stack, None, timezone.now(), base)
    return row.number if row else 0


def test_rules_group_and_name_new_events(project: Project) -> None:
    send(project, python_event(1))
    save(project, JOIN)
    send(project, python_event(1), python_event(2), python_event(3))
    assert sorted(Issue.objects.values_list("title", "events")) == [
        ("All values", 3),
        ("ValueError: no", 1),
    ]
    why = GroupingKey.objects.get(issue__title="All values").why
    assert "the project's rule" in why
    assert books.differences() == []


def test_stack_rules_reach_the_digest(project: Project) -> None:
    def called_by(caller: str) -> dict[str, Any]:
        body = python_event(1)
        frames = body["exception"]["values"][0]["stacktrace"]["frames"]
        frames.insert(0, {**frames[0], "function": caller, "context_line": f"{caller}()"})
        return body

    send(project, called_by("a"), called_by("b"))
    assert Issue.objects.count() == 1
    save(project, stack="function:fail_* helper")
    send(project, called_by("a"), called_by("b"))
    assert Issue.objects.count() == 3


def test_a_project_without_rules_pays_one_query_in_five_seconds(
    project: Project, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
) -> None:
    monkeypatch.setattr(digest, "_SETTINGS_FRESH", 60.0)
    monkeypatch.setattr(digest, "_rules", {})
    with django_assert_num_queries(2):
        digest.rules_of_projects({project.pk})
    with django_assert_num_queries(0):
        digest.rules_of_projects({project.pk})


def test_what_cannot_be_read_is_refused_with_its_line(project: Project) -> None:
    with pytest.raises(grouping_rules.BadRules) as caught:
        save(project, "# words\ntype:A -> a\nnonsense", "path:* sideways")
    assert caught.value.problems["fingerprint_rules"].startswith("Line 3: ")
    assert caught.value.problems["stack_rules"].startswith("Line 1: ")
    with pytest.raises(grouping_rules.BadRules, match="can't be read"):
        save(project, "#" * (grouping_rules.MOST_TEXT + 1))
    assert not GroupingRules.objects.exists()


def test_every_revision_is_kept_and_can_be_restored(project: Project) -> None:
    assert save(project, "type:A -> a") == 1
    assert save(project, "type:B -> b\r\n", "path:x -app", base=1) == 2
    assert save(project, "type:B -> b", "path:x -app  ", base=2) == 0, "nothing changed"
    back = grouping_rules.restore(project, 1, None, timezone.now())
    assert back is not None
    assert (back.number, back.restored) == (3, 1)
    assert (back.fingerprint_rules, back.stack_rules) == ("type:A -> a", "")
    assert grouping_rules.restore(project, 1, None, timezone.now()) is None
    empty = grouping_rules.restore(project, 0, None, timezone.now())
    assert empty is not None and empty.fingerprint_rules == ""
    assert grouping_rules.current([project.pk]) == {}
    assert GroupingRules.objects.filter(project=project).count() == 4
    with pytest.raises(grouping_rules.NoSuchRevision):
        grouping_rules.restore(project, 99, None, timezone.now())
    kinds = Activity.objects.filter(project=project, issue=None).values_list("kind", flat=True)
    assert list(kinds) == ["rules_changed"] * 4


def test_who_saves_second_is_told(project: Project) -> None:
    save(project, "type:A -> a")
    with pytest.raises(grouping_rules.RulesChanged):
        save(project, "type:B -> b", base=0)
    assert GroupingRules.objects.get().fingerprint_rules == "type:A -> a"


def test_rules_of_another_release_never_stop_events(project: Project) -> None:
    GroupingRules.objects.create(
        project=project, number=1, fingerprint_rules="from the future", created_at=timezone.now()
    )
    assert send(project, python_event(1)) == 1


# -- versions -------------------------------------------------------------------


def fake_g2(event, rules):
    """A version that groups by other hashes, and finer: by release too."""
    keys = g1.keys_of(event, rules)
    return tuple(Key(k.kind, hash_of("g2", k.hash.hex()), f"g2: {k.why}") for k in keys)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERSIONS, "g2", fake_g2)


def test_upgrade_never_splits_an_issue(project: Project, newer: None) -> None:
    bodies = [python_event(n, message="x") for n in range(1, 6)]
    send(project, *bodies)
    one, two, three, four, five = Issue.objects.order_by("pk")
    now = timezone.now()
    survivor, _ = moving.merge(Issue.objects.filter(pk__in=[one.pk, two.pk]), None, now)
    triage.resolve(Issue.objects.filter(pk=three.pk), None, now)
    moving.delete(Issue.objects.filter(pk=four.pk), None, now, discard=True)
    before = set(Issue.objects.live().values_list("pk", flat=True))

    assert grouping_rules.upgrade(project, None, now) == "g2"
    project.refresh_from_db()
    assert (project.grouping_version, project.previous_grouping_versions) == ("g2", ["g1"])
    send(project, *(python_event(n) for n in range(1, 6)))
    send(project, *(python_event(n) for n in range(1, 6)))

    live = dict(Issue.objects.live().values_list("pk", "events"))
    assert set(live) == before, "no issue is new"
    assert live[survivor.pk] == 6 and live[three.pk] == live[five.pk] == 3
    assert Issue.objects.get(pk=three.pk).substatus == "regressed"
    assert set(GroupingKey.objects.filter(issue=five).values_list("version", flat=True)) == {
        "g1",
        "g2",
    }
    assert books.differences() == []
    send(project, python_event(6))
    assert Issue.objects.live().count() == len(before) + 1
    assert not GroupingKey.objects.filter(version="g1", created_at__gt=now).exists()


def test_older_keys_are_made_only_where_all_newer_ones_are_unknown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(event, rules):
        made.append(event)
        return g1.keys_of(event, rules)

    send(project, python_event(1))
    monkeypatch.setitem(VERSIONS, "g1", counted)
    monkeypatch.setitem(VERSIONS, "g2", fake_g2)
    grouping_rules.upgrade(project, None, timezone.now())
    send(project, python_event(1))
    assert len(made) == 1
    send(project, *(python_event(1) for _ in range(5)))
    assert len(made) == 1


def test_a_hash_that_two_versions_share_is_stored_for_both(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SDK fingerprints hash alike in all versions."""
    monkeypatch.setitem(VERSIONS, "g2", g1.keys_of)
    send(project, python_event(1), python_event(1, fingerprint=["mine"]))
    grouping_rules.upgrade(project, None, timezone.now())
    send(project, python_event(1), python_event(1, fingerprint=["mine"]))
    send(project, python_event(1), python_event(1, fingerprint=["mine"]))
    assert sorted(Issue.objects.values_list("events", flat=True)) == [3, 3]
    assert not GroupingKey.objects.filter(kind="").exists()
    assert books.differences() == []


def test_two_upgrades_later_issues_of_the_first_version_are_found(
    project: Project, newer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(project, python_event(1))
    grouping_rules.upgrade(project, None, timezone.now())
    monkeypatch.setitem(
        VERSIONS,
        "g3",
        lambda event, rules: tuple(
            Key(k.kind, hash_of("g3", k.hash.hex()), k.why) for k in g1.keys_of(event, rules)
        ),
    )
    grouping_rules.upgrade(project, None, timezone.now())
    project.refresh_from_db()
    assert project.previous_grouping_versions == ["g2", "g1"]
    send(project, python_event(1))
    assert Issue.objects.get().events == 2


def test_the_command_upgrades_by_slug_or_all(project: Project, newer: None, capsys) -> None:
    make_project("Other")
    with pytest.raises(CommandError, match="--all"):
        call_command("upgrade_grouping")
    with pytest.raises(CommandError, match="no project nowhere"):
        call_command("upgrade_grouping", project.slug, "nowhere")
    assert not Project.objects.filter(grouping_version="g2").exists()
    call_command("upgrade_grouping", project.slug)
    call_command("upgrade_grouping", "--all")
    assert capsys.readouterr().out.splitlines() == [
        "shop: g1 -> g2",
        "other: g1 -> g2",
        "shop: g2 already",
    ]


def test_old_clients_group_by_their_checksum(project: Project) -> None:
    """Raven's `checksum` is a fingerprint of one part."""
    for words in ("one", "two"):
        send(project, {**python_event(1), "message": words, "checksum": "c0ffee" * 5})
    send(project, {**python_event(1), "checksum": "beef" * 8})
    assert sorted(Issue.objects.values_list("events", flat=True)) == [1, 2]
    assert set(GroupingKey.objects.values_list("kind", flat=True)) == {"fingerprint"}


def test_there_is_nothing_newer_than_the_newest(project: Project) -> None:
    with pytest.raises(grouping_rules.NothingNewer):
        grouping_rules.upgrade(project, None, timezone.now())
