"""Snooze, resolve in a release, priority and undo, as the pages' forms post them."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tracker.domain.priority import Priority
from tracker.models import Issue

LIST = "/admin/tracker/issue/"
FORMS = [
    ("resolve_next", {}, "resolved"),
    ("resolve_in", {"releases": "2.0, 2.1"}, "resolved"),
    ("snooze:time:60", {}, "snoozed"),
    ("snooze:next", {}, "snoozed"),
    ("snooze:escalating", {}, "snoozed"),
    ("snooze:events", {"events": "50"}, "snoozed"),
    ("snooze:users", {"users": "5"}, "snoozed"),
]


def act(cast: Cast, action: str, role: str = "triager", **form: str) -> tuple[int, str]:
    address = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    answer = cast.client(role).post(address, {"action": action, **form}, follow=True)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(("action", "form", "status"), FORMS)
def test_each_form_does_what_it_says(cast: Cast, action: str, form: dict[str, str], status: str):
    code, _ = act(cast, action, **form)
    cast.ours.refresh_from_db()
    assert (code, cast.ours.status) == (200, status)


@pytest.mark.parametrize("role", ["viewer", "stranger", "nobody"])
@pytest.mark.parametrize(
    ("action", "form"),
    [(action, form) for action, form, _ in FORMS] + [("priority", {"priority": "high"})],
)
def test_who_may_not_changes_nothing(cast: Cast, action: str, form: dict[str, str], role: str):
    before = Issue.objects.values().get(pk=cast.ours.pk)
    code, _ = act(cast, action, role, **form)
    bulk = {"action": action, "_selected_action": [cast.ours.pk], **form}
    again = cast.client(role).post(LIST, bulk).status_code
    assert code == again == (403 if role == "viewer" else 404)
    assert Issue.objects.values().get(pk=cast.ours.pk) == before


def test_another_teams_issue_is_not_there(cast: Cast):
    address = reverse("admin:tracker_issue_act", args=[cast.theirs.pk])
    assert cast.client("triager").post(address, {"action": "snooze:next"}).status_code == 404
    ids = [cast.ours.pk, cast.theirs.pk]
    form = {"action": "priority:high", "_selected_action": ids}
    assert cast.client("triager").post(LIST, form).status_code == 404
    cast.ours.refresh_from_db()
    assert not cast.ours.priority_by_hand


def test_the_header_tells_how_far_a_snooze_is(cast: Cast):
    _, page = act(cast, "snooze:events", events="50")
    assert "snoozed: 0 of 50 events" in page and '<progress value="0" max="50"' in page
    assert "snoozed it" in page and "Wake it now" in page
    send(cast.red, python_event(1, release="1.0"))
    page = cast.client("viewer").get(f"{LIST}{cast.ours.pk}/change/").content.decode()
    assert "snoozed: 1 of 50 events" in page and "Wake it now" not in page
    _, page = act(cast, "reopen")
    assert "snoozed: " not in page


def test_the_header_tells_how_it_was_resolved(cast: Cast):
    _, page = act(cast, "resolve_in", releases="2.0, 2.1")
    assert "resolved in 2.0, 2.1</span>" in page and "resolved it in 2.0, 2.1" in page
    act(cast, "reopen")
    _, page = act(cast, "resolve_next")
    assert "resolved in the next release after 1.0" in page


@pytest.mark.parametrize(
    ("action", "form", "told"),
    [
        ("resolve_in", {"releases": " , "}, "Name the release"),
        ("snooze:events", {"events": "many"}, "The number is between"),
        ("snooze:events", {}, "The number is between"),
        ("snooze:time:0", {}, "Choose a moment in the future"),
        ("snooze:time:999999999", {}, "Choose a moment in the future"),
        ("snooze:rate:5", {}, "The minutes are between"),
        ("snooze", {}, "Choose what to wait for"),
        ("priority", {"priority": "urgent"}, "Choose a priority"),
        ("undo", {"token": "x"}, "nothing to undo"),
    ],
)
def test_nonsense_is_refused(cast: Cast, action: str, form: dict[str, str], told: str):
    _, page = act(cast, action, **form)
    assert told in page
    cast.ours.refresh_from_db()
    assert cast.ours.status == "unresolved"


def test_a_priority_sticks_until_it_is_computed_again(cast: Cast):
    _, page = act(cast, "priority", priority="low")
    cast.ours.refresh_from_db()
    assert (cast.ours.priority, cast.ours.priority_by_hand) == (Priority.LOW, True)
    assert "made it low priority" in page and 'value="priority:low" aria-current="true"' in page
    _, page = act(cast, "priority", priority="computed")
    cast.ours.refresh_from_db()
    assert not cast.ours.priority_by_hand and "had its priority computed again" in page


@pytest.mark.parametrize(
    "action", ["resolve", "resolve_next", "snooze:next", "priority:low", "review", "assign"]
)
def test_undo_puts_it_back(cast: Cast, action: str):
    before = Issue.objects.values().get(pk=cast.ours.pk)
    client = cast.client("triager")
    address = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    page = client.post(address, {"action": action, "assignee": "me"}, follow=True).content.decode()
    token = client.session["undo"]["token"]
    assert token in page and 'data-key="z"' in page
    stolen = act(cast, "undo", "admin", token=token)[1]
    assert "nothing to undo" in stolen
    page = client.post(address, {"action": "undo", "token": token}, follow=True).content.decode()
    assert "Put back." in page and 'data-key="z"' not in page
    assert Issue.objects.values().get(pk=cast.ours.pk) == before


def test_in_bulk_with_undo(cast: Cast, more_issues: Callable[[int], list[Issue]]):
    ids = [issue.pk for issue in more_issues(3)]
    client = cast.client("triager")
    form = {"action": "snooze:events:100", "_selected_action": ids}
    page = client.post(LIST, form, follow=True).content.decode()
    assert "3 snoozed." in page and "touched 3 issues" in page
    tab = client.get(LIST, {"q": "is:snoozed"}).content.decode()
    assert tab.count('class="badge b-snoozed"') == 3
    undo = {"action": "undo", "token": client.session["undo"]["token"]}
    assert "3 put back." in client.post(LIST, undo, follow=True).content.decode()
    assert not cast.red.issues.filter(status="snoozed").exists()
    form = {"action": "priority:high", "_selected_action": ids}
    assert "3 given the priority high." in client.post(LIST, form, follow=True).content.decode()
    form = {"action": "resolve_next", "_selected_action": ids}
    page = client.post(LIST, form, follow=True).content.decode()
    assert "3 resolved in the next release." in page


@pytest.mark.parametrize("sort", ["priority", "trend"])
def test_sorted_by_urgency_page_by_page(
    cast: Cast, more_issues: Callable[[int], list[Issue]], sort: str
):
    for place, issue in enumerate(more_issues(40)):
        Issue.objects.filter(pk=issue.pk).update(
            priority=(10, 20, 30)[place % 3], trend=(place % 7) / 3
        )
    expected = list(cast.red.issues.order_by(f"-{sort}", "-pk").values_list("pk", flat=True))
    client = cast.client("triager")
    first = client.get(LIST, {"sort": sort}).context
    second = client.get(LIST + first["older_url"]).context
    assert [row.issue.pk for page in (first, second) for row in page["rows"]] == expected
    for odd in ("nan~1", "inf~1", "x~1"):
        assert client.get(LIST, {"sort": sort, "older": odd}).status_code == 200


def test_forms_are_offered_to_those_who_may(cast: Cast):
    for address in (LIST, f"{LIST}{cast.ours.pk}/change/"):
        for role, offered in (("triager", True), ("viewer", False)):
            page = cast.client(role).get(address).content.decode()
            for value in ("snooze:time:60", "resolve_next"):
                assert (f'value="{value}"' in page) is offered
