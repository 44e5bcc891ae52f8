"""Whatever strangers send is shown as text, and no page dies of it."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from django.templatetags.static import static
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% debug %}",
    "</title></style></textarea></pre><svg/onload=alert(1)>",
    "\u202egnp.exe \U0001f600\u2028\x1b[31m",
    "' OR 1=1 --",
    "%s %(x)s {0} {x}",
)
ALLOWED_SCRIPTS = {static("tracker/app.js")}


class Page(HTMLParser):
    """What a browser would run: scripts, handlers, styles, links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: set[str | None] = set()
        self.bad: list[str] = []
        self.links: list[dict[str, Any]] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if tag == "script":
            self.scripts.add(found.get("src"))
        if tag == "a":
            self.links.append(found)
        self.bad += [name for name in found if name.startswith("on") or name == "style"]
        self.bad += [f"<{tag}>" for _ in [0] if tag in ("style", "iframe", "object", "base", "img")]


def hostile_event(text: str) -> dict[str, Any]:
    """A text in every place that a page shows."""
    frame = {
        "function": text, "module": text, "filename": text, "abs_path": text, "lineno": 3,
        "pre_context": [text], "context_line": text, "post_context": [text],
        "vars": {text: text, "deep": {text: [text, {text: None}]}}, "in_app": True,
    }  # fmt: skip
    return {
        **python_event(),
        "level": "warning", "logger": text, "transaction": text, "server_name": text,
        "release": text, "environment": text.replace("/", ""), "message": text,
        "exception": {"values": [
            {"type": text, "value": text, "module": text,
             "mechanism": {"type": text, "handled": False},
             "stacktrace": {"frames": [frame, {**frame, "in_app": False}]}},
            {"type": text, "value": text, "stacktrace": {"frames": [frame]}},
        ]},
        "breadcrumbs": {"values": [
            {"category": text, "message": text, "level": text, "type": text, "timestamp": text,
             "data": {text: text}},
        ]},
        "request": {
            "url": text, "method": text, "query_string": text, "data": {text: text},
            "headers": {text: text, "X": text}, "cookies": {text: text}, "env": {text: text},
        },
        "user": {"id": text, "email": text, "username": text, text: text},
        "tags": {text: text, "plain": text},
        "contexts": {text: {text: text}, "browser": {"name": text}},
        "extra": {text: text}, "modules": {text: text}, "sdk": {"name": text, "version": text},
        "fingerprint": [text],
    }  # fmt: skip


def assert_tame(html: str) -> Page:
    page = Page(html)
    assert page.bad == []
    assert page.scripts <= ALLOWED_SCRIPTS
    for link in page.links:
        target = str(link.get("href", ""))
        assert not target.lower().startswith(("javascript:", "data:", "vbscript:"))
        if target.startswith("http"):
            assert {"noopener", "nofollow"} <= set(str(link.get("rel")).split())
    return page


@pytest.mark.parametrize("text", NASTY)
def test_strangers_text_is_text_everywhere(cast: Cast, text: str):
    assert send(cast.red, hostile_event(text)) == 1
    issue = cast.red.issues.exclude(pk=cast.ours.pk).get()
    event = cast.event_of(issue).event_id.hex
    client = cast.client("triager")
    form = {"action": "comment", "text": text}
    client.post(reverse("admin:tracker_issue_act", args=[issue.pk]), form)
    for address in (
        reverse("admin:tracker_issue_change", args=[issue.pk]),
        reverse("admin:tracker_issue_event", args=[issue.pk, event]),
        reverse("admin:tracker_issue_changelist"),
        reverse("admin:tracker_issue_changelist") + "?q=",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert_tame(answer.content.decode())
    for model in ("environment", "release"):
        answer = client.get(reverse(f"admin:tracker_{model}_changelist"))
        page = Page(answer.content.decode())
        assert answer.status_code == 200 and "svg/onload" not in page.tags
        assert not [name for name in page.bad if name.startswith("on")]
    for page_name in ("raw", "trace"):
        answer = client.get(reverse(f"admin:tracker_issue_{page_name}", args=[issue.pk, event]))
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Content-Disposition"].startswith("attachment; ")
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", NASTY)
def test_searches_are_text_too(cast: Cast, text: str):
    answer = cast.client("triager").get(reverse("admin:tracker_issue_changelist"), {"q": text})
    assert answer.status_code == 200
    assert_tame(answer.content.decode())


@pytest.mark.parametrize(
    "params",
    [
        {"q": "is:nothing"}, {"q": "a" * 5000}, {"q": "\x00"}, {"sort": "password"},
        {"older": "x~1"}, {"older": "2026-01-01~1"}, {"newer": "~"}, {"older": "9e99~9"},
        {"sort": "events", "older": "99999999999999999999~1"}, {"q": "tag[a]:*"},
        {"q": "event_id:" + "0" * 32}, {"q": "id:RED-ZZZZZZZZZZZZZZZZZZZZ"},
        {"q": "users:>999999999999999"}, {"q": "age:-99999w"}, {"q": "seen:+99999d"},
    ],
)  # fmt: skip
def test_odd_addresses_are_answered(cast: Cast, params: dict[str, str]):
    answer = cast.client("triager").get(reverse("admin:tracker_issue_changelist"), params)
    assert answer.status_code == 200


def test_an_unknown_key_is_a_visible_error(cast: Cast):
    address = reverse("admin:tracker_issue_changelist")
    page = cast.client("triager").get(address, {"q": "enviroment:x"}).content.decode()
    assert "Did you mean" in page and cast.ours.short_id not in page


@pytest.mark.parametrize(
    "shape",
    [
        {"exception": None, "message": None}, {"exception": {"values": []}},
        {"breadcrumbs": "x"}, {"request": "x"}, {"user": "x"}, {"contexts": []}, {"extra": "x"},
        {"tags": [["a", "b"], ["c"], None, 5]}, {"request": {"headers": [["A", ["b", "c"]]]}},
        {"request": {"url": "https://shop.example/a?b=c", "query_string": [["d", "e"]]}},
        {"request": {"cookies": "a=b"}}, {"modules": [1]}, {"threads": {"values": [{"id": 1}]}},
        {"exception": {"values": [{"type": "A", "stacktrace": {"frames": "x"}}]}},
    ],
)  # fmt: skip
def test_no_shape_breaks_the_detail(cast: Cast, shape: dict[str, Any]):
    send(cast.red, {**python_event(5), **shape})
    client = cast.client("triager")
    for issue in cast.red.issues.all():
        answer = client.get(reverse("admin:tracker_issue_change", args=[issue.pk]))
        assert answer.status_code == 200
        assert_tame(answer.content.decode())


def test_an_unreadable_payload_is_said(cast: Cast):
    from tracker.models import EventRow

    EventRow.objects.filter(issue_id=cast.ours.pk).update(payload=b"broken")
    client = cast.client("triager")
    answer = client.get(reverse("admin:tracker_issue_change", args=[cast.ours.pk]))
    assert answer.status_code == 200 and "can't be read" in answer.content.decode()
    event = cast.event_of(cast.ours).event_id.hex
    raw = client.get(reverse("admin:tracker_issue_raw", args=[cast.ours.pk, event]))
    assert raw.status_code == 404


def test_raw_is_the_stored_event(cast: Cast):
    event = cast.event_of(cast.ours).event_id.hex
    address = reverse("admin:tracker_issue_raw", args=[cast.ours.pk, event])
    data = json.loads(cast.client("viewer").get(address).content)
    assert data["exception"]["values"][0]["type"] == "ValueError"
