"""Pushes that git hosts tell of: only genuine ones ring, and what rings during a fetch is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.tracker.vcs.conftest import Cloned, git, now
from tests.tracker.vcs.test_repositories import person
from tracker.actions import bells, repositories
from tracker.actions.repositories import RepositoryTold
from tracker.models import AuditEntry, Project, Repository, User
from tracker.vcs import clone

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)
BODY = json.dumps({"ref": "refs/heads/main", "repository": {"full_name": "team/shop"}}).encode()


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wake-ups that would have been sent."""
    sent: list[str] = []

    def wake() -> bool:
        sent.append("now")
        return True

    monkeypatch.setattr(bells, "wake", wake)
    return sent


@pytest.fixture
def row(shop: Project, owner: User) -> Repository:
    """A repository that is due in an hour."""
    told = RepositoryTold("team/shop", "https://git.example.org/team/shop.git")
    made = repositories.save(shop, None, told, owner, now())
    Repository.objects.filter(pk=made.pk).update(due_at=now() + LATER)
    made.refresh_from_db()
    return made


def hexed(row: Repository, body: bytes = BODY) -> str:
    return hmac.new(bells.secret_of(row).encode(), body, hashlib.sha256).hexdigest()


def call(row: Repository, headers: dict[str, str], body: bytes = BODY) -> int:
    url = reverse("code-pushed", args=[row.bell])
    client = Client(enforce_csrf_checks=True)
    status = client.post(url, body, content_type="application/json", headers=headers).status_code
    row.refresh_from_db()
    return int(status)


def is_due(row: Repository) -> bool:
    return row.due_at <= datetime.now(UTC)


HOSTS = ["github", "gitlab", "gitea", "forgejo", "bitbucket", "own"]


def push(kind: str, row: Repository, event: str = "") -> dict[str, str]:
    """Headers of a genuine call."""
    signed, secret = hexed(row), bells.secret_of(row)
    return {
        "github": {"X-GitHub-Event": event or "push", "X-Hub-Signature-256": f"sha256={signed}",
                   "X-Hub-Signature": "sha1=" + "0" * 40},
        "gitlab": {"X-Gitlab-Event": event or "Push Hook", "X-Gitlab-Token": secret},
        "gitea": {"X-Gitea-Event": event or "push", "X-GitHub-Event": event or "push",
                  "X-Gitea-Signature": signed, "X-Hub-Signature": "sha1=" + "0" * 40},
        "forgejo": {"X-Forgejo-Event": event or "push", "X-Forgejo-Signature": signed},
        "bitbucket": {"X-Event-Key": event or "repo:push", "X-Hub-Signature": f"sha256={signed}"},
        "own": {"X-Hub-Signature-256": f"sha256={signed}"},
    }[kind]  # fmt: skip


@pytest.mark.parametrize("kind", HOSTS)
def test_a_push_is_fetched_now(kind: str, row: Repository, woken: list[str]):
    assert call(row, push(kind, row)) == 200
    assert is_due(row) and row.rung_at is not None and woken == ["now"]


@pytest.mark.parametrize(
    ("kind", "event"),
    [("github", "ping"), ("github", "issues"), ("gitlab", "Issue Hook"), ("gitea", "issues"),
     ("forgejo", "fork"), ("bitbucket", "diagnostics:ping")],
)  # fmt: skip
def test_other_calls_are_heard_and_ring_nothing(
    kind: str, event: str, row: Repository, woken: list[str]
):
    assert call(row, push(kind, row, event)) == 200
    assert not is_due(row) and row.rung_at is not None and woken == []


@pytest.mark.parametrize("kind", HOSTS)
def test_who_does_not_know_the_secret_is_refused(kind: str, row: Repository, woken: list[str]):
    headers = push(kind, row)
    proofs = [name for name in headers if "Signature" in name or "Token" in name]
    for proof in ("", "sha256=" + "0" * 64, "é"):
        assert call(row, {**headers, **dict.fromkeys(proofs, proof)}) == 401
    assert call(row, {name: v for name, v in headers.items() if name not in proofs}) == 401
    if kind != "gitlab":
        assert call(row, headers, BODY + b" ") == 401
    Repository.objects.filter(pk=row.pk).update(bell_sealed="")
    assert call(row, {**headers, "X-Gitlab-Token": ""}) == 401
    Repository.objects.filter(pk=row.pk).update(bell_sealed="of another key")
    assert call(row, headers) == 401
    assert not is_due(row) and row.rung_at is None and woken == []


def test_odd_calls_break_nothing(row: Repository):
    signed = push("github", row)
    assert call(row, {**signed, "X-Hub-Signature-256": f"sha256={hexed(row, b'no json')}"},
                b"no json") == 200  # fmt: skip
    client = Client()
    assert client.get(reverse("code-pushed", args=[row.bell])).status_code == 405
    assert client.post(reverse("code-pushed", args=[uuid.uuid4()])).status_code == 404
    assert client.post("/code/pushed/odd/").status_code == 404


def test_a_push_during_a_fetch_is_fetched_after_it(cloned: Cloned, monkeypatch: pytest.MonkeyPatch):
    bare = clone.fetch
    repositories.ask(cloned.row, now())
    rung = 0

    def fetch(repository: Repository) -> clone.Fetched:
        nonlocal rung
        found = bare(repository)
        rung += 1
        if rung == 1:  # the host was asked already
            head = git(cloned.origin, "rev-parse", "main~1")
            git(cloned.origin, "update-ref", "refs/heads/late", head)
            assert call(cloned.row, push("github", cloned.row)) == 200
        return found

    monkeypatch.setattr(clone, "fetch", fetch)
    repositories.work_off(datetime(2100, 1, 1, tzinfo=UTC), lambda: datetime.now(UTC))
    cloned.row.refresh_from_db()
    assert rung == 2 and not is_due(cloned.row)
    assert "late" in git(clone.folder_of(cloned.row), "branch", "--list", "late")
    git(cloned.origin, "update-ref", "-d", "refs/heads/late")


def test_the_page_shows_url_and_secret_to_admins_alone(cloned: Cloned):
    row = cloned.row
    shop = row.project
    address = reverse("admin:tracker_repository_one", args=[shop.pk, row.pk])
    secret = bells.secret_of(row)
    assert len(secret) > 30 and secret not in row.bell_sealed
    page = person(shop, "triager").get(address).content.decode()
    assert str(row.bell) not in page and secret not in page
    admin = person(shop, "admin")
    page = admin.get(address).content.decode()
    assert f"/code/pushed/{row.bell}/" in page and secret in page and "Payload URL" in page
    assert admin.post(address, {"action": "renew"}).status_code == 302
    row.refresh_from_db()
    assert bells.secret_of(row) not in ("", secret)
    entry = AuditEntry.objects.filter(kind="repository").latest("pk")
    assert secret not in str(entry.before) + str(entry.after)


def test_it_is_sealed_anew_with_the_others(row: Repository):
    secret, before = bells.secret_of(row), row.bell_sealed
    call_command("rotate_secrets", verbosity=0)
    row.refresh_from_db()
    assert bells.secret_of(row) == secret and row.bell_sealed != before
