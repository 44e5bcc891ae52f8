"""Calls of trackers: only genuine ones count, once, and nothing they hold breaks anything."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts.actions import ticket_hooks
from alerts.models import TicketCall, TicketConnection, TicketJob, TicketLink
from tests.alerts.conftest import Cast
from tests.alerts.tickets.conftest import connect, make, post, ring, work
from tests.alerts.tickets.sites import SECRET, AsanaSite, LinearSite, Site, signed
from tracker.models import Issue, Project, User

pytestmark = pytest.mark.django_db


def linked(site: Site, project: Project, cast: Cast) -> TicketConnection:
    """A connection with one ticket, which is linked to an issue."""
    connection = connect(site, project)
    site.add("One", "text", uid=uuid.uuid4().hex)
    number = {"jira": "10001", "asana": "1300000000000001"}.get(site.kind, "1")
    number = site.tickets[0].uid if site.kind == "linear" else number
    TicketLink.objects.create(
        project=project, issue=cast.issue(), connection=connection, state="open", remote_id=number,
        key="ONE-1", made=False,
    )  # fmt: skip
    return connection


def test_forged_calls_are_refused_and_change_nothing(
    site: Site, project: Project, cast: Cast
) -> None:
    connection = linked(site, project, cast)
    [ticket] = site.tickets
    ticket.closed = True
    headers, body, query = site.call(ticket)
    proof = {name for name in headers if "ignature" in name or "Token" in name}
    wrong = [
        ({**headers, **dict.fromkeys(proof, "sha256=" + "0" * 64)}, body, query and "?secret=x"),
        ({name: value for name, value in headers.items() if name not in proof}, body, ""),
        ({**headers, **dict.fromkeys(proof, "")}, body, "?secret="),
        ({**headers, **dict.fromkeys(proof, "\xff\xfe é")}, body, "?secret=%FF"),
    ]
    if proof and not any("Token" in name for name in proof):
        wrong.append((headers, body + b" ", ""))
    for attempt in wrong:
        assert post(connection, *attempt) == 401
    assert not TicketCall.objects.exists()
    assert not TicketJob.objects.exists()
    connection.keep(connection.config, {"hook_secret": ""})
    connection.save()
    assert post(connection, headers, body, query) == 401
    assert post(connection, {}, body, "?secret=") == 401
    assert reverse("alerts-ticket-call", args=[connection.uid]).count(connection.uid.hex) == 0
    connection.uid = uuid.uuid4()
    assert post(connection, headers, body, query) == 404


def test_a_repeated_call_says_nothing_new(site: Site, project: Project, cast: Cast) -> None:
    connection = linked(site, project, cast)
    [ticket] = site.tickets
    call = site.call(ticket)
    assert [post(connection, *call) for _ in range(3)] == [200, 200, 200]
    assert TicketCall.objects.count() == TicketJob.objects.count() == 1
    for _ in range(5):
        ring(connection, site, ticket)
    assert TicketJob.objects.count() == 1  # looking once is enough
    connection.refresh_from_db()
    assert connection.last_heard_at is not None


GARBAGE = [
    b"", b"null", b"[]", b"\xff\xfe", b"{", b'"x"', b"1e999", b"{}", b'{"issue": 5}',
    b'{"issue": {"number": {"x": []}}, "repository": {"full_name": ["acme/shop"]}}',
    b'{"object_attributes": {"iid": null}, "object_kind": "issue", "project": {"id": 5}}',
    b'{"events": {"0": 1}}', b'{"events": [null, 5, {"resource": []}]}',
    b'{"data": {"id": "\\u0000' + b"x" * 5_000 + b'"}, "type": "Issue"}',
    b'{"issue": {"id": "\\u0000"}, "webhookEvent": "jira:issue_updated"}', b"[" * 5_000,
    b'{"webhookTimestamp": NaN}', b'{"webhookTimestamp": 1e300, "type": "Issue"}',
    b'{"webhookTimestamp": true}', b'{"data": {"id": "\\ud800"}, "type": "Issue"}',
    b'{"issue": {"id": "\\ud800"}, "webhookEvent": "jira:issue_updated"}',
]  # fmt: skip


def test_garbage_with_a_right_signature_never_breaks(
    site: Site, project: Project, cast: Cast
) -> None:
    connection = linked(site, project, cast)
    for body in GARBAGE:
        headers, _body, query = site.call(site.tickets[0])
        for name in headers:
            if "ignature" in name:
                headers[name] = ("sha256=" if "Hub" in name else "") + signed(body)
        assert post(connection, headers, body, query) in (200, 400, 401), body[:80]
    assert not TicketJob.objects.exists()


def test_large_and_odd_requests_are_refused(github: Site, project: Project, cast: Cast) -> None:
    connection = linked(github, project, cast)
    url = reverse("alerts-ticket-call", args=[connection.uid])
    body = b" " * (ticket_hooks.MOST + 1)
    headers = {"X-Hub-Signature-256": f"sha256={signed(body)}"}
    assert Client().post(url, body, "application/json", headers=headers).status_code == 413
    assert Client().get(url).status_code == 405
    assert Client().post(url + "x/", b"", "text/plain").status_code == 404
    headers, body, _query = github.call(github.tickets[0])
    assert Client().post(url, body, "text/plain", headers=headers).status_code == 200
    ping = {**headers, "X-GitHub-Event": "ping", "X-GitHub-Delivery": "p"}
    TicketJob.objects.all().delete()
    assert post(connection, ping, body, "") == 200
    other = json.dumps({"issue": {"number": 1}, "repository": {"full_name": "evil/shop"}}).encode()
    told = {**headers, "X-Hub-Signature-256": f"sha256={signed(other)}", "X-GitHub-Delivery": "o"}
    assert post(connection, told, other, "") == 200
    assert not TicketJob.objects.exists()
    TicketConnection.objects.update(enabled=False)
    assert post(connection, headers, body, "") == 404


def test_old_calls_of_linear_and_gitlab_are_refused(
    settings: Any, project: Project, cast: Cast
) -> None:
    with LinearSite() as site:
        connection = linked(site, project, cast)
        for age, status in ((0, 200), (20, 200), (-50, 200), (70, 401), (-300, 401)):
            sent = int((time.time() - age) * 1_000)
            assert ring(connection, site, site.tickets[0], webhookTimestamp=sent) == status
    key = base64.b64encode(b"k" * 32).decode()
    signing = TicketConnection(team=project.team, kind="gitlab", name="Signed")
    signing.keep({"project": "a/b"}, {"hook_secret": f"whsec_{key}", "token": "t"})
    signing.save()
    body = b'{"object_kind": "issue"}'
    stamp = ""
    for age, status in ((0, 200), (400, 401)):
        stamp = str(int(time.time() - age))
        proof = hmac.new(b"k" * 32, f"id-1.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers: dict[str, str] = {"webhook-id": "id-1", "webhook-timestamp": stamp,
                   "webhook-signature": "v1,bad v1," + base64.b64encode(proof).decode()}  # fmt: skip
        assert post(signing, headers, body, "") == status
    bad: dict[str, str] = {
        "webhook-id": "id-1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1,x",
    }
    assert post(signing, bad, body, "") == 401


def test_asana_shakes_hands_only_when_asked(
    settings: Any, project: Project, monkeypatch: Any
) -> None:
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    with AsanaSite() as site:
        monkeypatch.setattr("alerts.tickets.asana.API", site.url)
        connection = TicketConnection(team=project.team, kind="asana", name="Tasks")
        connection.keep(site.config, {"token": "a-token-for-tests"})
        connection.save()
        shake = {"X-Hook-Secret": "somebody-elses-secret"}
        assert post(connection, shake, b"", "") == 401
        TicketConnection.objects.update(shaking_until=timezone.now() + ticket_hooks.SHAKING)
        assert post(connection, {"X-Hook-Secret": "short"}, b"", "") == 400
        headers = {"X-Hook-Secret": SECRET}
        assert post(connection, headers, b"", "") == 200
        assert post(connection, shake, b"", "") == 401  # once
        connection.refresh_from_db()
        assert connection.known_secrets()["hook_secret"] == SECRET
        assert SECRET not in connection.sealed
        assert site.problems == []


def test_calls_in_any_order_end_with_what_is_true(
    github: Site, project: Project, cast: Cast, alice: User
) -> None:
    """A late "closed" of yesterday does not resolve what was reopened since."""
    connection, issue = connect(github, project), cast.issue()
    make(issue, connection, alice)
    [ticket] = github.tickets
    ticket.closed = True
    late = github.call(ticket)
    ticket.closed = False
    assert post(connection, *late) == 200
    work()
    assert Issue.objects.get(pk=issue.pk).status == "unresolved"
