"""The list: order, walking, chips, verbs in bulk, the live count."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

from django.test import Client
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tracker.admin.issue_list import PAGE
from tracker.models import Activity, Environment, Issue

LIST = "/admin/tracker/issue/"


def shown(client: Client, address: str = LIST) -> tuple[list[int], str]:
    page = client.get(address).content.decode()
    return [int(n) for n in re.findall(r'name="_selected_action" value="(\d+)" aria', page)], page


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return LIST + unescape(found[1]) if found else ""


def act(client: Client, action: str, ids: list[int], **more: str) -> str:
    form = {"action": action, "_selected_action": ids, **more}
    return client.post(LIST, form, follow=True).content.decode()


def test_walking_meets_every_issue_once_in_order(
    cast: Cast, more_issues: Callable[[int], list[Issue]]
):
    more_issues(74)
    now = datetime.now(UTC)
    for place, issue in enumerate(cast.red.issues.all()):
        # Pairs share a moment: ties are settled by id.
        moment = now - timedelta(minutes=place // 2)
        Issue.objects.filter(pk=issue.pk).update(last_seen=moment, events=place % 3)
    client = cast.client("triager")
    for sort in ("last_seen", "events", "users", "first_seen"):
        expected = list(cast.red.issues.order_by(f"-{sort}", "-pk").values_list("pk", flat=True))
        address, seen, pages = f"{LIST}?sort={sort}", [], []
        while address:
            ids, page = shown(client, address)
            seen += ids
            pages.append(page)
            address = link(page, "next")
        assert seen == expected, sort
        assert len(pages) == 3
        back, _ = shown(client, link(pages[2], "prev"))
        assert back == expected[PAGE : 2 * PAGE]
        first, page = shown(client, link(pages[1], "prev"))
        assert first == expected[:PAGE] and not link(page, "prev")


def test_all_issues_are_walked_whatever_their_status(
    cast: Cast, more_issues: Callable[[int], list[Issue]]
):
    made = more_issues(PAGE + 7)
    client = cast.client("triager")
    act(client, "resolve", [issue.pk for issue in made[::3]])
    act(client, "snooze:next", [issue.pk for issue in made[1::3]])
    for number, issue in enumerate([*made, cast.ours]):
        Issue.objects.filter(pk=issue.pk).update(
            events=number // 2,
            users=number // 3,
            trend=number / 5,
            priority=(10, 20, 30)[number % 3],
        )
    for sort in ("first_seen", "events", "users", "priority", "trend"):
        rows = cast.red.issues.live().order_by(f"-{sort}", "-pk").values_list("pk", flat=True)
        first, page = shown(client, f"{LIST}?q=&sort={sort}")
        rest, after = shown(client, link(page, "next"))
        assert first + rest == list(rows), sort
        assert shown(client, link(after, "prev"))[0] == first, sort


def test_a_hidden_environment_is_found_still(cast: Cast):
    Environment.objects.filter(project=cast.red, name="production").update(hidden=True)
    client = cast.client("triager")
    assert shown(client, f"{LIST}?q=env:production")[0] == [cast.ours.pk]
    assert shown(client, f"{LIST}?q=env:prod*")[0] == [cast.ours.pk]
    assert shown(client, f"{LIST}?q=env:nowhere")[0] == []
    assert shown(client, f"{LIST}?q=!env:nowhere")[0] == [cast.ours.pk]


def test_what_can_be_searched_is_said_where_a_query_fails(cast: Cast):
    client = cast.client("triager")
    page = shown(client, f"{LIST}?q=asignee:me")[1]
    assert "How to search" in page and 'href="?q=assigned%3Ame"' in page
    page = shown(client, f"{LIST}?q=nothing-like-it")[1]
    assert "Nothing found" in page and "How to search" in page
    page = shown(client, f"{LIST}?q=is:snoozed")[1]
    assert "All quiet here" in page


def test_chips_write_into_the_query(cast: Cast):
    send(cast.red, python_event(7, environment="canary"))
    _, page = shown(cast.client("triager"))
    assert 'href="?q=is%3Aunresolved+env%3Aproduction"' in page
    assert 'href="?q=is%3Aunresolved+level%3A%3E%3Derror"' in page
    assert 'href="?q=is%3Aresolved"' in page
    ids, _ = shown(cast.client("triager"), f"{LIST}?q=is:unresolved+env:production")
    assert ids == [cast.ours.pk]
    ids, _ = shown(cast.client("triager"), f"{LIST}?q=is:unresolved+env:staging")
    assert ids == []


def test_bulk_says_what_was_done(cast: Cast, more_issues: Callable[[int], list[Issue]]):
    ids = [issue.pk for issue in more_issues(4)]
    client = cast.client("triager")
    assert "4 resolved." in act(client, "resolve", ids)
    assert Activity.objects.filter(kind="resolved", actor=cast.people["triager"]).count() == 4
    page = act(client, "resolve", [*ids, cast.ours.pk])
    assert "1 resolved, 4 changed meanwhile" in page
    assert "5 reopened" in act(client, "reopen", [*ids, cast.ours.pk])
    assert "5 assigned to triager" in act(client, "assign", [*ids, cast.ours.pk], assignee="me")
    assert cast.red.issues.filter(assignee=cast.people["triager"]).count() == 5
    team = f"team:{cast.red.team.pk}"
    assert "1 assigned to #red-team" in act(client, "assign", ids[:1], assignee=team)
    assert "Choose at least one" in act(client, "resolve", [])
    assert "Choose what to do" in act(client, "explode", ids)


def test_the_last_change_can_be_taken_back(cast: Cast, more_issues: Callable[[int], list[Issue]]):
    ids = [issue.pk for issue in more_issues(2)]
    client = cast.client("triager")
    page = act(client, "resolve", ids)
    assert "Undo" in page and "touched 2 issues" in page
    act(client, "reopen", ids)
    assert not Issue.objects.filter(pk__in=ids, status="resolved").exists()
    session = client.session
    session["undo"] = {**session["undo"], "at": session["undo"]["at"] - 601}
    session.save()
    assert "Undo" not in shown(client)[1]


def test_merge_and_delete_ask_first_and_need_an_admin(
    cast: Cast, more_issues: Callable[[int], list[Issue]]
):
    first, second, third = more_issues(3)
    ids = [first.pk, second.pk]
    for action in ("merge", "delete"):
        form = {"action": action, "_selected_action": ids, "confirmed": "1"}
        assert cast.client("triager").post(LIST, form).status_code == 403
    client = cast.client("admin")
    page = act(client, "merge", ids)
    assert "Merge 2 issues?" in page and first.short_id in page
    assert cast.red.issues.live().filter(pk__in=ids).count() == 2
    assert f"1 merged into {first.short_id}" in act(client, "merge", ids, confirmed="1")
    answer = client.get(reverse("admin:tracker_issue_change", args=[second.pk]))
    assert answer["Location"].endswith(f"/{first.pk}/change/")
    assert "Delete" in act(client, "delete", [third.pk])
    act(client, "delete", [third.pk], confirmed="1")
    assert client.get(reverse("admin:tracker_issue_change", args=[third.pk])).status_code == 404


def test_ids_lead_straight_to_the_issue_or_event(cast: Cast):
    client = cast.client("triager")
    event = cast.event_of(cast.ours).event_id.hex
    foreign = cast.event_of(cast.theirs).event_id.hex
    for text in (event, f"event_id:{event}"):
        answer = client.get(LIST, {"q": text})
        assert answer.status_code == 302 and event in answer["Location"]
    answer = client.get(LIST, {"q": f"id:{cast.ours.short_id}"})
    assert answer["Location"].endswith(f"/{cast.ours.pk}/change/")
    assert client.get(LIST, {"q": foreign}).status_code == 200
    assert client.get(LIST, {"q": f"id:{cast.theirs.short_id}"}).status_code == 200


def test_live_counts_what_came_since(cast: Cast):
    client = cast.client("viewer")
    before = datetime.now(UTC).isoformat()
    ask = {"q": "is:unresolved", "since": before}
    assert client.get(LIST + "live/", ask).json() == {"fresh": 0}
    send(cast.red, python_event(50))
    send(cast.blue, python_event(50))
    assert client.get(LIST + "live/", ask).json() == {"fresh": 1}
    for odd in ("", "yesterday", "2026-01-01"):
        assert client.get(LIST + "live/", {"since": odd}).json() == {"fresh": 0}


def test_a_viewer_is_offered_no_verbs(cast: Cast):
    page = cast.client("viewer").get(LIST).content.decode()
    assert 'value="resolve"' not in page and cast.ours.short_id in page
    page = cast.client("triager").get(LIST).content.decode()
    assert 'value="resolve"' in page and 'value="merge"' not in page


def test_an_empty_list_says_how_to_begin(cast: Cast):
    from tests.factories.projects import make_project
    from tracker.models import Membership

    project = make_project("Fresh", "Fresh team")
    Membership.objects.create(team=project.team, user=cast.people["nobody"], role="viewer")
    page = cast.client("nobody").get(LIST).content.decode()
    assert "Nothing has arrived yet" in page
    setup = reverse("admin:tracker_project_setup", args=[project.pk])
    assert setup in page
    page = cast.client("nobody").get(setup).content.decode()
    assert project.keys.get().public_key in page and "sentry_sdk.init" in page


def test_the_setup_page_notices_the_first_event(cast: Cast):
    from tests.factories.projects import make_project

    project = make_project("Fresh", "Red team")
    client = cast.client("triager")
    waiting = reverse("admin:tracker_project_waiting", args=[project.pk])
    assert client.get(waiting).json() == {"arrived": False, "url": ""}
    send(project, python_event())
    answer = client.get(waiting).json()
    assert answer["arrived"] and answer["url"].endswith(f"/{project.issues.get().pk}/change/")


def test_nothing_is_added_by_hand(cast: Cast):
    client = cast.client("owner")
    assert client.get(LIST + "add/").status_code == 404
    assert client.get(f"{LIST}{cast.ours.pk}/delete/").status_code == 404
    form = {"action": "delete_selected", "_selected_action": [cast.ours.pk], "post": "yes"}
    client.post(LIST, form)
    assert Issue.objects.filter(pk=cast.ours.pk).exists()


def test_the_order_is_remembered(cast: Cast):
    client, address = cast.client("viewer"), reverse("admin:tracker_issue_changelist")
    client.get(address + "?q=&sort=events")
    answer = client.get(address)
    assert answer.status_code == 302 and answer["Location"].endswith(
        "?q=is%3Aunresolved&sort=events"
    )
    client.get(address + "?q=&sort=last_seen")
    assert client.get(address).status_code == 200
    client.get(address + "?q=&sort=nonsense")
    assert client.get(address).status_code == 200


def test_columns_sort_and_periods_narrow(cast: Cast):
    page = cast.client("viewer").get(reverse("admin:tracker_issue_changelist")).content.decode()
    assert '<a href="?q=is%3Aunresolved&amp;sort=events" title="Sort by this">Events</a>' in page
    assert '<a href="?q=is%3Aunresolved+seen%3A-24h">last 24 h</a>' in page


def test_my_teams_are_a_tab(cast: Cast):
    from tracker.models import Membership

    client = cast.client("triager")
    address = reverse("admin:tracker_issue_changelist") + "?q=is:unresolved+owner:me"
    assert cast.ours.short_id not in client.get(address).content.decode()
    cast.red.issues.update(assignee_team=cast.red.team)
    page = client.get(address).content.decode()
    assert cast.ours.short_id in page
    assert 'aria-current="true">My teams <span class="count">1</span>' in page
    Membership.objects.filter(user=cast.people["triager"]).delete()
    assert cast.ours.short_id not in client.get(address).content.decode()
