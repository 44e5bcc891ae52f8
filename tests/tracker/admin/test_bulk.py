"""All that a query finds: asked once with its true count, done as a job when it is much, undone whole."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tracker.actions import bulk
from tracker.admin import issue_bulk
from tracker.models import BulkJob, Issue, Membership

More = Callable[..., list[Issue]]
LIST = "/admin/tracker/issue/"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is a job from 500 on is one from 3 on."""
    monkeypatch.setattr(issue_bulk, "BULK_LIMIT", 2)
    monkeypatch.setattr(bulk, "CHUNK", 3)


def everything(client: Client, action: str, query: str = "is:unresolved", **form: str) -> str:
    form = {"action": action, "all": "1", **form}
    return client.post(f"{LIST}?q={query}", form, follow=True).content.decode()


def confirmed(client: Client, page: str, action: str, query: str = "is:unresolved") -> str:
    """Press the button of the page that asks."""
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields.pop("csrfmiddlewaretoken", None)
    assert fields["confirmed"] == "1"
    answer = client.post(f"{LIST}?q={query}", {**fields, "action": action}, follow=True)
    return answer.content.decode()


def work_off() -> None:
    bulk.work_off(timezone.now() + timedelta(seconds=30), timezone.now)


def test_the_true_count_is_asked_about(cast: Cast, more_issues: More):
    more_issues(33)
    client = cast.client("triager")
    page = everything(client, "resolve")
    assert "Resolve 34 issues?" in page and "and 22 more" in page
    assert not Issue.objects.filter(status="resolved").exists()
    more_issues(0)
    page = confirmed(client, page, "resolve")
    assert "34 resolved." in page
    assert cast.red.issues.filter(status="resolved").count() == 34
    assert not cast.blue.issues.filter(status="resolved").exists(), "a foreign project"


@pytest.mark.parametrize(
    ("action", "form", "title"),
    [
        ("assign", {"assignee": "me"}, "Assign 3 issues to triager?"),
        ("assign", {"assignee": "none"}, "Assign 3 issues to nobody?"),
        ("resolve_in", {"releases": "2.0"}, "Resolve 3 issues in a release: 2.0?"),
        ("priority:low", {}, "Change the priority of 3 issues: low?"),
        ("review", {}, "Mark 3 issues as reviewed?"),
    ],
)
def test_the_question_says_what(
    cast: Cast, more_issues: More, action: str, form: dict[str, str], title: str
):
    more_issues(2)
    assert title in everything(cast.client("triager"), action, **form)


def test_what_came_after_the_question_is_left_alone(cast: Cast, more_issues: More):
    more_issues(3)
    client = cast.client("triager")
    page = everything(client, "resolve")
    Issue.objects.filter(pk=cast.ours.pk).update(first_seen=datetime.now(UTC) + timedelta(hours=1))
    assert "3 resolved." in confirmed(client, page, "resolve")
    cast.ours.refresh_from_db()
    assert cast.ours.status == "unresolved"


def test_much_is_a_job_that_is_shown_and_undone_as_a_whole(
    cast: Cast, more_issues: More, small: None
):
    more_issues(6)
    client = cast.client("triager")
    page = confirmed(client, everything(client, "resolve"), "resolve")
    job = BulkJob.objects.get()
    address = reverse("admin:tracker_issue_job", args=[job.pk])
    assert f'data-job="{address}"' in page and "<span data-job-done>3</span> of 7 done" in page
    told = client.get(address).json()
    assert (told["done"], told["total"], told["finished"]) == (3, 7, False)
    assert cast.client("owner").get(address).status_code == 404, "somebody else's"
    work_off()
    page = client.get(LIST + "?q=is:unresolved").content.decode()
    assert "7 resolved" in page and "Undo all" in page
    back = {"action": "undo", "token": str(job.token)}
    page = client.post(LIST + "?q=is:unresolved", back, follow=True).content.decode()
    assert "<b>Undo for 7 issues</b>" in page
    work_off()
    assert "7 put back" in client.get(LIST + "?q=is:unresolved").content.decode()
    assert not Issue.objects.filter(status="resolved").exists()


def test_a_job_is_stopped_and_put_away(cast: Cast, more_issues: More, small: None):
    more_issues(6)
    client = cast.client("triager")
    confirmed(client, everything(client, "resolve"), "resolve")
    page = client.post(LIST + "?q=", {"action": "stop"}, follow=True).content.decode()
    assert "3 resolved" in page and "Stopped." in page and "Undo all" in page
    work_off()
    assert cast.red.issues.filter(status="resolved").count() == 3
    page = client.post(LIST + "?q=", {"action": "dismiss"}, follow=True).content.decode()
    assert "Stopped." not in page


@pytest.mark.parametrize(
    ("action", "form", "check"),
    [
        ("resolve_next", {}, {"status": "resolved"}),
        ("resolve_in", {"releases": "3.0"}, {"status": "resolved", "resolution__how": "in"}),
        ("snooze:rate", {"rate": "5", "minutes": "10"}, {"snooze__kind": "rate"}),
        ("snooze:time", {"time": "240"}, {"snooze__kind": "time"}),
        ("snooze:escalating", {}, {"snooze__kind": "escalating"}),
        ("assign", {"assignee": "me"}, {"assignee__username": "triager"}),
        ("priority:low", {}, {"priority": 10, "priority_by_hand": True}),
        ("review", {}, {"reviewed_at__isnull": False}),
    ],
)
def test_every_verb_reaches_all(
    cast: Cast, more_issues: More, small: None, action: str, form: dict[str, str],
    check: dict[str, object],
):  # fmt: skip
    more_issues(4)
    client = cast.client("triager")
    confirmed(client, everything(client, action, **form), action)
    work_off()
    job = BulkJob.objects.get()
    assert job.error == "" and job.changed == 5
    assert cast.red.issues.filter(**check).count() == 5


@pytest.mark.parametrize(
    ("action", "form", "told"),
    [
        ("resolve_in", {"releases": " "}, "Name the release"),
        ("snooze:rate", {"rate": "5"}, "The minutes are between"),
        ("priority:urgent", {}, "can&#x27;t be done this way"),
        ("explode", {}, "Nothing called"),
    ],
)
def test_nonsense_about_all_is_refused(
    cast: Cast, more_issues: More, small: None, action: str, form: dict[str, str], told: str
):
    more_issues(4)
    client = cast.client("triager")
    assert told in confirmed(client, everything(client, action, **form), action)
    assert not BulkJob.objects.exists()


def test_all_of_a_viewer_is_nothing(cast: Cast, more_issues: More):
    more_issues(3)
    assert "nothing here that you may change" in everything(cast.client("viewer"), "resolve")
    assert "nothing here that you may change" in everything(cast.client("triager"), "delete")
    assert not Issue.objects.exclude(status="unresolved").exists()


def test_deleting_all_is_an_admins_in_each_team(cast: Cast, more_issues: More, small: None):
    """Who administers one team and triages another deletes in the first alone."""
    more_issues(4)
    send(cast.blue, *(python_event(900 + n) for n in range(4)))
    Membership.objects.create(team=cast.blue.team, user=cast.people["admin"], role="triager")
    client = cast.client("admin")
    page = everything(client, "delete", query="")
    assert "Delete 5 issues?" in page
    page = confirmed(client, page, "delete", query="")
    work_off()
    assert "Undo all" not in client.get(LIST + "?q=").content.decode()
    assert not cast.red.issues.live().exists()
    assert cast.blue.issues.live().count() == 5
    job = bulk.start(
        cast.people["admin"], "delete",
        list(cast.blue.issues.values_list("pk", flat=True)), {}, timezone.now(),
    )  # fmt: skip
    work_off()
    job.refresh_from_db()
    assert job.changed == 0 and cast.blue.issues.live().count() == 5


def test_what_was_chosen_stays_chosen(cast: Cast, more_issues: More):
    one, two, _ = more_issues(3)
    client = cast.client("triager")
    form = {"action": "assign", "assignee": "me", "_selected_action": [one.pk, two.pk]}
    page = client.post(LIST + "?q=", form, follow=True).content.decode()
    for issue in (one, two):
        assert f'value="{issue.pk}" aria-label="Choose {issue.short_id}" checked>' in page
    assert page.count(" checked>") == 2
    assert " checked>" not in client.get(LIST + "?q=").content.decode()
