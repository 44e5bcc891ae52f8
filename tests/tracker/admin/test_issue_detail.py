"""The detail: the four answers, the stack, walking, and what triagers do there."""

from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tracker.models import EventRow, Issue
from tracker.readers import TagValue, apart


def rich_event(fault: int = 9, **more: object) -> dict[str, object]:
    library = {"function": "get_response", "module": "django.core.handlers", "in_app": False,
               "filename": "django/core/handlers/base.py", "lineno": 197}  # fmt: skip
    own = {
        "function": "checkout", "module": "shop.views", "filename": "shop/views.py", "lineno": 88,
        "pre_context": ["try:"], "context_line": "    pay(cart)", "post_context": ["except E:"],
        "vars": {"cart": "<Cart 8812>", "deep": {"sku": "'A-1'", "n": ["1"] * 90}}, "in_app": True,
    }  # fmt: skip
    cause = {"type": "OSError", "value": "server closed", "stacktrace": {"frames": [own]},
             "mechanism": {"type": "chained", "source": "__cause__", "exception_id": 1,
                           "parent_id": 0, "handled": True}}  # fmt: skip
    top = {"type": f"PayError{fault}", "value": "can't settle",
           "stacktrace": {"frames": [library, library, library, own]},
           "mechanism": {"type": "django", "handled": False, "exception_id": 0}}  # fmt: skip
    return {
        **python_event(fault), "release": "shop@2.0", "environment": "production",
        "exception": {"values": [cause, top]}, "transaction": "/checkout",
        "breadcrumbs": {"values": [
            {"category": "query", "message": "SELECT 1", "timestamp": "2026-01-01T10:20:30Z"},
            {"category": "log", "message": "slow gateway", "level": "warning"}]},
        "request": {"url": "https://shop.example/checkout", "method": "POST",
                    "headers": {"X-Request-Id": "r1", "Authorization": "Bearer abcdef"},
                    "data": {"card": "x"}},
        "user": {"id": "42"}, "tags": {"region": "eu"}, "extra": {"attempt": 3},
        "modules": {"django": "5.2"}, "sdk": {"name": "sentry.python", "version": "2.0"}, **more,
    }  # fmt: skip


def detail(cast: Cast, issue: Issue, role: str = "triager") -> str:
    address = reverse("admin:tracker_issue_change", args=[issue.pk])
    return cast.client(role).get(address).content.decode()


def rich_issue(cast: Cast, count: int = 1) -> Issue:
    send(cast.red, *(rich_event(user={"id": str(n)}) for n in range(count)))
    return cast.red.issues.get(type="PayError9")


def test_the_four_questions_are_answered(cast: Cast):
    page = detail(cast, rich_issue(cast, 3))
    assert ">3 <span>users</span></a></p>" in page
    assert "Who is hit" in page and "3 events in production" in page
    assert '<em class="hot">New</em>' in page
    assert "shop@2.0" in page and "Seen in no other" in page
    assert "too new" in page and "Events a day over 14 days: 3 in all" in page


def test_the_stack_is_read_from_the_top(cast: Cast):
    page = detail(cast, rich_issue(cast))
    assert (
        page.index("<h3>PayError9</h3>") < page.index("caused by") < page.index("<h3>OSError</h3>")
    )
    assert ">unhandled<" in page
    assert "3 library frames" in page and "django" in page
    assert '<details class="frame in-app" open>' in page
    assert "    pay(cart)" in page and "&lt;Cart 8812&gt;" in page
    assert "show all" in page and "Traceback (most recent call last):" in page


def test_everything_that_came_along_is_there(cast: Cast):
    page = detail(cast, rich_issue(cast))
    for text in ("10:20:30", "SELECT 1", "slow gateway", "X-Request-Id", "region", "attempt",
                 "django", "sentry.python/2.0", "/checkout", "Copy as curl"):  # fmt: skip
        assert text in page, text
    curl = page[page.index('<pre id="curl"') :].split("</pre>")[0]
    assert "X-Request-Id" in curl and "Authorization" not in curl and "abcdef" not in page
    assert 'href="https://shop.example/checkout" rel="noopener nofollow noreferrer"' in page


def test_why_it_was_grouped_here_is_said(cast: Cast):
    issue = rich_issue(cast)
    why = issue.keys.filter(events__gt=0).get().why
    from django.utils.html import escape

    assert why and escape(why) in detail(cast, issue)


def test_walking_through_events(cast: Cast):
    issue = rich_issue(cast)
    send(cast.red, rich_event())
    send(cast.red, rich_event())
    newest, middle, oldest = EventRow.objects.of_issue(cast.red.pk, issue.pk)
    client = cast.client("viewer")

    def page(event: EventRow) -> str:
        address = reverse("admin:tracker_issue_event", args=[issue.pk, event.event_id.hex])
        return client.get(address).content.decode()

    def leads(html: str, event: EventRow, words: str) -> bool:
        return f'events/{event.event_id.hex}/">{words}</a>' in html

    at = page(middle)
    assert leads(at, oldest, "← Older") and leads(at, newest, "Newer →")
    assert leads(at, oldest, "First") and leads(at, newest, "Latest")
    assert "Newer →</span>" in page(newest) and "← Older</span>" in page(oldest)
    assert "Latest event" in detail(cast, issue) and "Latest event" not in at


def test_an_issue_whose_events_are_gone_still_shows(cast: Cast):
    issue = rich_issue(cast)
    EventRow.objects.filter(issue_id=issue.pk).delete()
    page = detail(cast, issue)
    assert "No stored event" in page and "PayError9" in page


def test_triage_from_the_detail(cast: Cast):
    client = cast.client("triager")
    act = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    page = client.post(act, {"action": "resolve"}, follow=True).content.decode()
    assert "Resolved." in page and ">Reopen</button>" in page and "resolved it" in page
    page = client.post(act, {"action": "resolve"}, follow=True).content.decode()
    assert "it is so already" in page
    page = client.post(act, {"action": "reopen"}, follow=True).content.decode()
    assert "Reopened." in page and ">Resolve</button>" in page
    page = client.post(act, {"action": "assign", "assignee": "me"}, follow=True).content.decode()
    assert "took it" in page
    page = client.post(
        act, {"action": "comment", "text": "<b>mine</b>"}, follow=True
    ).content.decode()
    assert "&lt;b&gt;mine&lt;/b&gt;" in page
    page = client.post(act, {"action": "comment", "text": " "}, follow=True).content.decode()
    assert "Write something first." in page


def test_get_changes_nothing(cast: Cast):
    client = cast.client("triager")
    act = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    assert client.get(act, {"action": "resolve"}).status_code == 405
    key = cast.red.keys.get()
    rotate = reverse("admin:tracker_projectkey_rotate", args=[key.pk])
    assert cast.client("admin").get(rotate).status_code == 405


def test_posts_need_the_csrf_token(cast: Cast):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.people["triager"])
    act = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    assert client.post(act, {"action": "resolve"}).status_code == 403
    cast.ours.refresh_from_db()
    assert cast.ours.status == "unresolved"


def test_a_comeback_is_told(cast: Cast):
    from datetime import UTC, datetime

    from tracker.actions import triage

    issue = rich_issue(cast)
    triage.resolve(Issue.objects.filter(pk=issue.pk), cast.people["triager"], datetime.now(UTC))
    send(cast.red, rich_event(release="shop@2.1"))
    page = detail(cast, issue)
    assert ">regressed<" in page and "came back" in page and "Last in shop@2.1" in page


def test_the_most_telling_event_is_recommended(cast: Cast):
    issue = rich_issue(cast)
    rich = EventRow.objects.of_issue(cast.red.pk, issue.pk)[0]
    poor = rich_event(user={}, breadcrumbs={}, request={})
    send(cast.red, poor)
    assert EventRow.objects.of_issue(cast.red.pk, issue.pk)[0] != rich
    address = reverse("admin:tracker_issue_event", args=[issue.pk, "recommended"])
    assert address in detail(cast, issue)
    answer = cast.client("viewer").get(address)
    assert answer["Location"].endswith(f"/events/{rich.event_id.hex}/")
    EventRow.objects.filter(issue_id=issue.pk).delete()
    answer = cast.client("viewer").get(address)
    assert answer["Location"] == reverse("admin:tracker_issue_change", args=[issue.pk])
    foreign = reverse("admin:tracker_issue_event", args=[cast.theirs.pk, "recommended"])
    assert cast.client("viewer").get(foreign).status_code == 404


def test_frames_as_they_were_sent_are_a_click_away(cast: Cast):
    event = rich_event()
    top = event["exception"]["values"][1]  # type: ignore[index]
    top["raw_stacktrace"] = {"frames": [{"function": "t.min", "filename": "app.min.js",
                                         "lineno": 1, "colno": 9911, "in_app": True}]}  # fmt: skip
    send(cast.red, event)
    page = detail(cast, cast.red.issues.get(type="PayError9"))
    assert "data-originals" in page and 'data-frames="original" hidden' in page
    assert "app.min.js:1:9911" in page
    assert "data-originals" not in detail(cast, cast.ours)


def test_files_and_words_of_people_stand_by_the_event(cast: Cast):
    from uuid import uuid4

    from django.utils import timezone

    from tracker.models import Attachment, Feedback

    issue = rich_issue(cast)
    event = EventRow.objects.of_issue(cast.red.pk, issue.pk)[0]
    for project, name in ((cast.red, "<core>.dmp"), (cast.blue, "theirs.txt")):
        Attachment.objects.create(
            project=project, event_id=event.event_id, filename=name, size=2048, sha256="0" * 64,
            path="attachments/x", created_at=timezone.now(), kind="event.minidump",
        )  # fmt: skip
    Feedback.objects.create(
        project=cast.red, feedback_id=uuid4(), event_id=event.event_id, name="Ana",
        message="it ate\nmy <b>cart</b>", created_at=timezone.now(),
    )  # fmt: skip
    page = detail(cast, issue, "viewer")
    assert "&lt;core&gt;.dmp</a>" in page and "2.0\xa0KB, event.minidump" in page
    assert "it ate<br>my &lt;b&gt;cart&lt;/b&gt;" in page and "Ana" in page
    assert "theirs.txt" not in page


def test_reviewed_is_said_where_it_is_wanted(cast: Cast):
    button = 'name="action" value="review"'
    assert button in detail(cast, cast.ours)
    assert button not in detail(cast, cast.ours, "viewer")
    act = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    page = cast.client("triager").post(act, {"action": "review"}, follow=True).content.decode()
    assert "Marked as reviewed." in page and button not in page


def test_addresses_with_one_path_are_told_apart_by_their_hosts():
    def value(text: str) -> TagValue:
        return TagValue("url", text, 1, 33)

    same = [value("https://a.example/pay"), value("https://b.example/pay")]
    other = value("https://a.example/cart")
    shown = [one.short for one in apart([*same, other, value("web-1")])]
    assert shown == ["a.example/pay", "b.example/pay", "/cart", "web-1"]
