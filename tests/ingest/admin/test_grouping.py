"""The page of grouping rules: who sees it, what it refuses, shows, saves and takes back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.ingest.admin.conftest import Cast
from tests.tracker.admin.conftest import ROLES
from tracker.domain.grouping import VERSIONS, g1
from tracker.models import GroupingRules, Issue, Project

RULE = 'type:ValueError -> values, {{ level }} title="All values"'


def address(project: Project) -> str:
    return reverse("admin:tracker_groupingrules_project", args=[project.pk])


def form(action: str, fingerprint: str = "", stack: str = "", base: int = 0) -> dict[str, Any]:
    return {
        "action": action, "fingerprint_rules": fingerprint, "stack_rules": stack, "base": base,
    }  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_triagers_see_and_admins_change(cast: Cast, role: str):
    client = cast.client(role)
    sees, changes = role in ("owner", "admin", "triager"), role in ("owner", "admin")
    inside = sees or role == "viewer"
    expected = 200 if sees else 403 if inside else 404
    answer = client.get(address(cast.red))
    assert answer.status_code == expected
    if sees:
        assert (b'value="save"' in answer.content) == changes
    for action in ("save", "preview", "restore", "upgrade", "nonsense"):
        made = GroupingRules.objects.count()
        status = client.post(address(cast.red), form(action, f"type:{action} -> a")).status_code
        if changes:
            assert status in (200, 302)
        else:
            assert status == (403 if inside else 404)
            assert GroupingRules.objects.count() == made
    foreign = 200 if role in ("owner", "stranger") else 404
    assert client.get(address(cast.blue)).status_code == foreign
    if role not in ("owner", "stranger"):
        assert client.post(address(cast.blue), form("save", RULE)).status_code == 404
        assert not GroupingRules.objects.filter(project=cast.blue).exists()


def test_strangers_log_in_first(cast: Cast, client):
    assert client.get(address(cast.red)).status_code == 302


def test_a_bad_line_is_shown_beside_its_text_and_nothing_is_saved(cast: Cast):
    client = cast.client("admin")
    for action in ("save", "preview"):
        answer = client.post(address(cast.red), form(action, "type:A -> a\n<b>x", "path:x nowhere"))
        page = answer.content.decode()
        assert page.count('role="alert"') == 2
        assert "Line 2: no “ -&gt; ”" in page and "Line 1: the line ends with “nowhere”" in page
        assert "&lt;b&gt;x" in page and "<b>x" not in page
        assert page.count('aria-invalid="true"') == 2
    assert not GroupingRules.objects.exists()


def test_preview_shows_links_and_saves_nothing(cast: Cast):
    send(cast.red, python_event(2), python_event(2))
    client = cast.client("admin")
    answer = client.post(address(cast.red), form("preview", RULE))
    page = answer.content.decode()
    found = answer.context["told"].preview
    assert (found.events, found.before, found.after) == (3, 2, 1)
    for issue in Issue.objects.filter(project=cast.red):
        assert reverse("admin:tracker_issue_change", args=[issue.pk]) in page
    assert "All values" in page
    assert RULE.replace(">", "&gt;").replace('"', "&quot;") in page, "the draft is kept"
    assert not GroupingRules.objects.exists()

    client.post(address(cast.red), form("save", RULE))
    answer = client.post(address(cast.red), form("preview", "", base=1))
    split = answer.context["splits"][0]
    assert [part.events for part in split.parts] == [2, 1]
    for part in split.parts:
        assert client.get(part.url).status_code == 200


def test_history_shows_what_changed_and_takes_it_back(cast: Cast):
    client = cast.client("admin")
    client.post(address(cast.red), form("save", "type:A -> a"))
    answer = client.post(address(cast.red), form("save", "type:B -> b", "path:x -app", base=1))
    assert answer.status_code == 302
    answer = client.get(address(cast.red))
    latest = answer.context["revisions"][0]
    assert [(line.sign, line.text) for line in latest.diff] == [
        ("@", "Fingerprint rules"), ("-", "type:A -> a"), ("+", "type:B -> b"),
        ("@", "Stack rules"), ("+", "path:x -app"),
    ]  # fmt: skip
    assert latest.row.author == cast.people["admin"]
    old = client.get(address(cast.red) + "?revision=1")
    assert old.context["draft"].fingerprint_rules == "type:A -> a"
    assert old.context["draft"].base == 2

    client.post(address(cast.red), {"action": "restore", "number": "1"})
    now = GroupingRules.objects.order_by("-number")[0]
    assert (now.number, now.restored, now.fingerprint_rules) == (3, 1, "type:A -> a")
    assert "brought revision 1 back" in client.get(address(cast.red)).content.decode()
    for number in ("99", "x", ""):
        client.post(address(cast.red), {"action": "restore", "number": number})
    assert GroupingRules.objects.count() == 3


def test_a_second_editor_keeps_the_text_and_is_told(cast: Cast):
    one, two = cast.client("admin"), cast.client("owner")
    one.post(address(cast.red), form("save", "type:A -> a"))
    page = two.post(address(cast.red), form("save", "type:B -> b")).content.decode()
    assert "Somebody saved other rules meanwhile" in page and "type:B -&gt; b" in page
    assert 'name="base" value="1"' in page
    assert GroupingRules.objects.count() == 1


def test_a_newer_version_is_offered_once(cast: Cast, monkeypatch: pytest.MonkeyPatch):
    client = cast.client("admin")
    assert "Upgrade to" not in client.get(address(cast.red)).content.decode()
    monkeypatch.setitem(VERSIONS, "g2", g1.keys_of)
    assert "Upgrade to g2" in client.get(address(cast.red)).content.decode()
    client.post(address(cast.red), {"action": "upgrade"})
    cast.red.refresh_from_db()
    assert (cast.red.grouping_version, cast.red.previous_grouping_versions) == ("g2", ["g1"])
    page = client.get(address(cast.red)).content.decode()
    assert "Upgrade to" not in page and "still knows issues by g1" in page


def test_the_page_costs_the_same_whatever_the_history(cast: Cast):
    client = cast.client("admin")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page = client.get(address(cast.red)).content.decode()
        assert " style=" not in page and "onclick" not in page
        return len(found)

    few = queries()
    for number in range(4):
        client.post(address(cast.red), form("save", f"type:A{number} -> a", base=number))
    client.get(address(cast.red))  # shows the messages
    assert queries() == few <= 8


def test_its_project_leads_there(cast: Cast):
    client = cast.client("admin")
    for name, args in (("changelist", []), ("change", [cast.red.pk])):
        page = client.get(reverse(f"admin:tracker_project_{name}", args=args)).content.decode()
        assert address(cast.red) in page
    assert client.get(reverse("admin:tracker_groupingrules_changelist")).status_code == 302
