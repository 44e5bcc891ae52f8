"""The audit log: what pages write into it, what they hide, and that it only grows."""

from __future__ import annotations

import re
import uuid

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from ingest.models import Quarantined
from tests.factories.projects import make_project
from tracker.actions import audit
from tracker.models import AuditEntry, Membership, Project, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("root", "root@example.org", "a long passphrase")


@pytest.fixture
def client(owner: User) -> Client:
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.force_login(owner)
    return client


def test_it_only_grows(owner: User) -> None:
    entry = audit.record("exported", actor=owner, label="issues")
    for change in (
        lambda: AuditEntry.objects.update(label="nothing"),
        lambda: AuditEntry.objects.all().delete(),
        entry.delete,
    ):
        with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
            change()
    assert str(AuditEntry.objects.get()) == "root exported  issues"


def test_secrets_are_never_written(owner: User, project: Project) -> None:
    entry = audit.record(
        "changed", actor=owner, target=project, before={"token": "abc", "name": "x" * 5000},
        after={"client_secret": "s", "salt": b"1", "raw": b"2", "nested": {"password": "p"},
               "empty_token": ""},
        address="not an address",
    )  # fmt: skip
    entry.refresh_from_db()
    assert entry.before["token"] == audit.HIDDEN and len(entry.before["name"]) == 2000
    assert entry.after == {
        "client_secret": audit.HIDDEN, "salt": audit.HIDDEN, "raw": audit.HIDDEN,
        "nested": {"password": audit.HIDDEN}, "empty_token": "",
    }  # fmt: skip
    assert (entry.project_id, entry.address) == (project.pk, None)


def test_saving_a_project_tells_before_and_after(client: Client, project: Project) -> None:
    page = reverse("admin:tracker_project_change", args=[project.pk])
    form = client.get(page).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: "" if value is None else value for name, value in data.items()}
    data = {name: value for name, value in data.items() if value is not False and value != []}
    data["name"] = "Shop two"
    for formset in client.get(page).context["inline_admin_formsets"]:
        data |= {
            f"{formset.formset.prefix}-TOTAL_FORMS": "0",
            f"{formset.formset.prefix}-INITIAL_FORMS": "0",
        }
    assert client.post(page, data).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.kind) == ("root", "changed", "project")
    assert entry.before["name"] == "Shop" and entry.after["name"] == "Shop two"
    assert entry.address == "203.0.113.9"
    assert client.post(page, data).status_code == 302
    assert AuditEntry.objects.count() == 1  # saved as it was


def test_members_of_a_team(client: Client, project: Project) -> None:
    ana = User.objects.create_user("ana", "ana@example.org")
    ben = User.objects.create_user("ben")
    seat = Membership.objects.create(team=project.team, user=ana, role=Role.VIEWER)
    gone = Membership.objects.create(team=project.team, user=ben, role=Role.ADMIN)
    page = reverse("admin:tracker_team_change", args=[project.team_id])
    prefix = client.get(page).context["inline_admin_formsets"][0].formset.prefix
    answer = client.post(page, {
        "name": project.team.name, "slug": project.team.slug,
        f"{prefix}-TOTAL_FORMS": "2", f"{prefix}-INITIAL_FORMS": "2",
        f"{prefix}-0-id": seat.pk, f"{prefix}-0-team": project.team_id,
        f"{prefix}-0-person": "ana", f"{prefix}-0-role": "admin",
        f"{prefix}-1-id": gone.pk, f"{prefix}-1-team": project.team_id,
        f"{prefix}-1-person": "ben", f"{prefix}-1-role": "admin", f"{prefix}-1-DELETE": "on",
    })  # fmt: skip
    assert answer.status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.kind == "team"
    (was,) = [values for name, values in entry.before.items() if name.startswith("ana")]
    (became,) = [values for name, values in entry.after.items() if name.startswith("ana")]
    assert (was["role"], became["role"]) == ("viewer", "admin")
    assert any(name.startswith("ben") for name in entry.before)


def test_tokens_from_the_page_and_the_command_line(client: Client, owner: User) -> None:
    page = reverse("admin:tracker_apitoken_add")
    made = client.post(page, {"name": "ci", "scopes": ["read"]})
    assert made.status_code == 200
    call_command("create_token", "--user", "root", "--scope", "write")
    by_page, by_command = AuditEntry.objects.order_by("pk")
    assert (by_page.actor_name, by_command.actor_name) == ("root", "Emberwatch")
    assert by_page.after["scopes"] == ["read"] and by_command.after["scopes"] == ["write"]
    secret = re.findall(r"[0-9a-f]{64}", made.content.decode())[0]
    assert secret not in str(by_page.after) and by_page.after["hash"] in ("", audit.HIDDEN)


def test_looking_into_quarantine_is_noted(client: Client, project: Project) -> None:
    from django.utils import timezone

    row = Quarantined.objects.create(
        project_id=project.pk, key_id=project.keys.get().pk, adapter="store", encoding="",
        event_id=uuid.uuid4(), events=1, meta=b"{}", body=b"raw",
        size=3, received_at=timezone.now(), quarantined_at=timezone.now(), reason="bad",
    )  # fmt: skip
    client.get(reverse("admin:ingest_quarantined_change", args=[row.pk]))
    client.get(reverse("admin:ingest_quarantined_raw", args=[row.pk]))
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "after")) == [
        ("viewed", {}),
        ("changed", {"what": "Downloaded the raw bytes."}),
    ]


def test_only_the_owner_reads_it(client: Client, project: Project, owner: User) -> None:
    entry = audit.record("exported", actor=owner, label="<b>issues</b>")
    listed, one = (
        reverse("admin:tracker_auditentry_changelist"),
        reverse("admin:tracker_auditentry_change", args=[entry.pk]),
    )
    for page in (listed, one, f"{listed}?q=issues"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert b"<b>issues" not in answer.content and b"&lt;b&gt;issues" in answer.content
    assert client.post(one, {"label": "x"}).status_code == 403
    ana = User.objects.create_user("ana")
    Membership.objects.create(team=project.team, user=ana, role=Role.ADMIN)
    other = Client()
    other.force_login(ana)
    assert {other.get(page).status_code for page in (listed, one)} == {404}
