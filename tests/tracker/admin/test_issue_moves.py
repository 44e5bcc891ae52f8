"""Merge by id, taking keys out, deleting and what looks alike, from an issue's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import ROLES, Cast
from tests.tracker.admin.test_budgets import ask
from tracker import books, similar
from tracker.actions import moving
from tracker.models import EventRow, GroupingKey, Issue, IssueFeatures, Ledger, Move


def at(issue: Issue, page: str = "change") -> str:
    return reverse(f"admin:tracker_issue_{page}", args=[issue.pk])


@pytest.fixture
def two(cast: Cast) -> tuple[Issue, Issue]:
    """Issues of red: the one of the cast, and a younger one of three events of two people."""
    people = [{"id": "1"}, {"id": "2"}, {"id": "2"}]
    send(cast.red, *(python_event(2, user=who, tags={"shop": "b"}) for who in people))
    return cast.ours, cast.red.issues.exclude(pk=cast.ours.pk).get()


@pytest.mark.parametrize("role", ROLES)
def test_moving_is_for_admins_of_the_team(cast: Cast, two: tuple[Issue, Issue], role: str):
    client = cast.client(role)
    key = GroupingKey.objects.filter(issue=two[0]).first()
    assert key is not None
    forms: dict[str, dict[str, Any]] = {
        "merge": {"with": str(cast.theirs.pk)}, "unmerge": {"key": key.pk}, "remove": {},
    }  # fmt: skip
    inside = role in ("admin", "triager", "viewer", "owner")
    for page, form in forms.items():
        answer = client.post(at(two[0], page), form)
        may = role in ("admin", "owner")
        assert answer.status_code == (302 if may else 403 if inside else 404), page
        theirs = client.post(at(cast.theirs, page), form if page == "merge" else {"key": "1"})
        if role not in ("owner", "stranger"):
            assert theirs.status_code == 404, page
    shown = client.get(at(two[1]))
    assert shown.status_code == (200 if inside else 404)
    if inside:
        assert (b'name="with"' in shown.content) == (role in ("admin", "owner"))
    if role in ("triager", "viewer", "stranger", "nobody"):
        assert Issue.objects.live().filter(project=cast.red).count() == 2
    cast.theirs.refresh_from_db()
    assert cast.theirs.merged_into is None
    assert cast.theirs.deleted_at is None or role in ("owner", "stranger")


@pytest.mark.parametrize("named", ["short", "lower", "number", "address", "link"])
def test_merge_by_what_people_paste(cast: Cast, two: tuple[Issue, Issue], named: str):
    older, younger = two
    text = {
        "short": older.short_id, "lower": f" {older.short_id.lower()} ", "number": str(older.pk),
        "address": f"https://errors.example.org{at(older)}",
        "link": f"https://errors.example.org/admin/tracker/issue/{older.pk}/events/{'a' * 32}/",
    }[named]  # fmt: skip
    answer = cast.client("admin").post(at(younger, "merge"), {"with": text})
    assert answer["Location"] == at(older), "the older one stays"
    younger.refresh_from_db()
    older.refresh_from_db()
    assert younger.merged_into == older.pk
    assert (older.events, older.users) == (4, 3)
    assert books.differences() == []


@pytest.mark.parametrize("text", ["", "nonsense", "RED-ZZZZ", "9" * 30, "0", "-", "../1", "é-1"])
def test_what_names_nothing_merges_nothing(cast: Cast, two: tuple[Issue, Issue], text: str):
    answer = cast.client("admin").post(at(two[0], "merge"), {"with": text}, follow=True)
    assert "There is no such issue" in answer.content.decode()
    assert Issue.objects.live().filter(project=cast.red).count() == 2


def test_merge_with_itself_or_with_another_project_is_refused(cast: Cast, two: tuple[Issue, Issue]):
    client = cast.client("owner")
    for other, said in ((two[0], "this very issue"), (cast.theirs, "one project")):
        answer = client.post(at(two[0], "merge"), {"with": other.short_id}, follow=True)
        assert said in answer.content.decode()
    assert not Issue.objects.exclude(merged_into=None).exists()


def test_merging_with_a_merged_one_means_its_survivor(cast: Cast, two: tuple[Issue, Issue]):
    send(cast.red, python_event(3))
    third = cast.red.issues.order_by("-pk")[0]
    client = cast.client("admin")
    client.post(at(two[1], "merge"), {"with": str(two[0].pk)})
    answer = client.post(at(third, "merge"), {"with": two[1].short_id})
    assert answer["Location"] == at(two[0])
    assert set(Issue.objects.filter(merged_into=two[0].pk)) == {two[1], third}


# -- while rows move ------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row moves before the page is read."""
    monkeypatch.setattr(moving, "AT_ONCE", 0)


def test_pages_follow_a_merge_at_once(cast: Cast, two: tuple[Issue, Issue], slow: None):
    older, younger = two
    theirs = EventRow.objects.of_issue(younger.project_id, younger.pk)[0].event_id.hex
    mine = EventRow.objects.of_issue(older.project_id, older.pk)[0].event_id.hex
    moving.merge(cast.red.issues.all(), None, timezone.now())
    assert Move.objects.filter(done_at=None).exists()
    assert EventRow.objects.of_issue(younger.project_id, younger.pk).count() == 3, "not moved yet"

    client = cast.client("triager")
    page, queries = ask(client, at(older))
    assert len(queries) <= 12, queries
    answer = client.get(at(older))
    assert "still on the way here" in page
    assert answer.context["event"].event_id.hex in page
    walk = client.get(reverse("admin:tracker_issue_event", args=[older.pk, mine])).context["walk"]
    assert (walk.first, walk.latest) == (mine, answer.context["event"].event_id.hex)
    assert walk.newer and walk.newer != mine
    shares = {tag.key: tag for tag in answer.context["tag_shares"]}
    assert [(v.value, v.count) for v in shares["shop"].values] == [("b", 3)]
    assert shares["level"].total == 4
    assert answer.context["headline"].trend
    assert (
        client.get(reverse("admin:tracker_issue_event", args=[older.pk, theirs])).status_code == 200
    )
    for name in ("raw", "trace"):
        there = reverse(f"admin:tracker_issue_{name}", args=[older.pk, theirs])
        assert client.get(there).status_code == 200

    old = client.get(at(younger))
    assert (old.status_code, old["Location"]) == (302, at(older))
    old = client.get(reverse("admin:tracker_issue_event", args=[younger.pk, theirs]))
    assert old["Location"] == reverse("admin:tracker_issue_event", args=[older.pk, theirs])

    moving.work_off(timezone.now() + timedelta(seconds=30), timezone.now)
    page, _ = ask(client, at(older))
    assert "still on the way here" not in page
    after = {tag.key: tag for tag in client.get(at(older)).context["tag_shares"]}
    assert after == shares


def test_a_foreign_event_stays_foreign_while_rows_move(
    cast: Cast, two: tuple[Issue, Issue], slow: None
):
    send(cast.red, python_event(3))
    other = cast.red.issues.order_by("-pk")[0]
    event = EventRow.objects.of_issue(other.project_id, other.pk)[0].event_id.hex
    moving.merge(Issue.objects.filter(pk__in=[issue.pk for issue in two]), None, timezone.now())
    address = reverse("admin:tracker_issue_event", args=[two[0].pk, event])
    assert cast.client("owner").get(address).status_code == 404


# -- keys ------------------------------------------------------------------------


def test_keys_are_taken_out_and_stay_out(cast: Cast, two: tuple[Issue, Issue]):
    older, _ = two
    client = cast.client("admin")
    moving.merge(cast.red.issues.all(), None, timezone.now())
    key = GroupingKey.objects.filter(why__contains="fail_2", issue=older).order_by("-events")[0]
    page = client.get(at(older)).content.decode()
    assert f'name="key" value="{key.pk}"' in page and "3 events" in page

    answer = client.post(at(older, "unmerge"), {"key": str(key.pk)}, follow=True)
    fresh = Issue.objects.live().filter(project=cast.red).exclude(pk=older.pk).get()
    assert answer.redirect_chain[-1][0] == at(fresh)
    assert fresh.events == 3
    page = answer.content.decode()
    assert "taken out by hand" in page
    send(cast.red, python_event(2), python_event(1))
    assert dict(Issue.objects.live().filter(project=cast.red).values_list("pk", "events")) == {
        older.pk: 2,
        fresh.pk: 4,
    }
    assert books.differences() == []


def test_foreign_or_no_keys_change_nothing(cast: Cast, two: tuple[Issue, Issue]):
    client = cast.client("admin")
    foreign = GroupingKey.objects.filter(issue=cast.theirs)[0].pk
    mine = list(GroupingKey.objects.filter(issue=two[0]).values_list("pk", flat=True))
    for keys, said in (
        ([], "at least one"), ([foreign], "not this issue"), (["x"], "at least one"),
        (mine, "leave one"), ([mine[0], foreign], "not this issue"),
    ):  # fmt: skip
        answer = client.post(at(two[0], "unmerge"), {"key": keys}, follow=True)
        assert said in answer.content.decode()
    assert not GroupingKey.objects.filter(locked=True).exists()


# -- delete ----------------------------------------------------------------------


@pytest.mark.parametrize("discard", [False, True])
def test_deleting_asks_with_true_counts(cast: Cast, two: tuple[Issue, Issue], discard: bool):
    client = cast.client("admin")
    gone = EventRow.objects.of_issue(two[1].project_id, two[1].pk)[0]
    EventRow.objects.filter(event_id=gone.event_id).delete()
    page = client.get(at(two[1], "remove")).content.decode()
    assert "3 events were counted, 2 are stored, 2 users were hit" in page
    assert Issue.objects.filter(pk=two[1].pk, deleted_at=None).exists(), "only asked"

    form = {"discard": "1"} if discard else {}
    answer = client.post(at(two[1], "remove"), form)
    assert answer["Location"] == reverse("admin:tracker_issue_changelist")
    for page in ("change", "short"):
        assert client.get(at(two[1], page), follow=True).status_code == 404
    assert client.get(at(two[1], "remove")).status_code == 404
    send(cast.red, python_event(2))
    dropped = Ledger.objects.filter(project_id=cast.red.pk, kind="discarded")
    assert sum(dropped.values_list("count", flat=True)) == (1 if discard else 0)
    assert cast.red.issues.live().count() == (1 if discard else 2)


# -- similar ---------------------------------------------------------------------


def alike(number: int, **more: Any) -> dict[str, Any]:
    """Another line of the same function with other words: a bug of its own."""
    body = python_event(1, **more)
    error = body["exception"]["values"][0]
    error["value"] = f"[Errno {number}] no"
    error["stacktrace"]["frames"][0]["context_line"] = f"raise ValueError({number} + 1)"
    return body


def test_issues_that_look_alike_are_suggested_and_merged_by_a_press(cast: Cast):
    send(cast.red, alike(7), alike(8), python_event(4))
    like = cast.red.issues.filter(message__contains="Errno").order_by("pk")
    assert like.count() == 2
    client = cast.client("admin")
    answer = client.get(at(like[0]))
    found = answer.context["similar"]
    assert found[0].id in {like[1].pk, cast.ours.pk}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(similar.ENOUGH <= one.score <= 1 for one in found)
    assert cast.theirs.pk not in {one.id for one in found}, "of another project, though the same"
    assert "% alike" in answer.content.decode()

    moving.delete(Issue.objects.filter(pk=like[1].pk), None, timezone.now())
    client.post(at(like[0], "merge"), {"with": str(cast.ours.pk)})
    left = client.get(at(cast.ours)).context["similar"]
    assert not {one.id for one in left} & {like[0].pk, like[1].pk, cast.ours.pk}
    assert not IssueFeatures.objects.filter(issue_id=like[1].pk).exists()


def test_an_old_issue_is_compared_however_many_came_after(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(similar, "MOST_CANDIDATES", 2)
    send(cast.red, *(alike(number) for number in range(20, 25)))
    found = similar.similar_to(Issue.objects.select_related("project").get(pk=cast.ours.pk))
    newest = cast.red.issues.order_by("-pk")[:2]
    assert {one.id for one in found} == {issue.pk for issue in newest}


def test_an_issue_without_features_has_none_alike(cast: Cast):
    IssueFeatures.objects.filter(project_id=cast.red.pk).delete()
    assert cast.client("viewer").get(at(cast.ours)).context["similar"] == []


def test_hostile_names_are_stored_and_shown_as_text(cast: Cast):
    body = alike(9)
    frame = body["exception"]["values"][0]["stacktrace"]["frames"][0]
    frame["function"] = "<script>\x00{},\"'\\"
    body["exception"]["values"][0]["type"] = "E{},\"'\\\udc80"
    assert send(cast.red, body) == 1
    issue = cast.red.issues.order_by("-pk")[0]
    assert IssueFeatures.objects.filter(issue_id=issue.pk).exists()
    assert "<script>\x00" not in cast.client("admin").get(at(issue)).content.decode()
