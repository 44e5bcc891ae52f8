"""Pages of what arrives: who sees them, and that raw bytes leave only as downloads."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from ingest import claims, digest, health, quarantine, waiting
from ingest.inbox import Letter
from ingest.models import InboxRow, Quarantined
from ingest.spool import pack
from tests.ingest.conftest import Poster
from tracker import books
from tracker.models import Attachment, AuditEntry, InboundFilters, Membership, Monitor, User


def person(poster: Poster, role: str) -> Client:
    name = f"{role}-{uuid.uuid4().hex[:8]}"
    if role == "owner":
        user = User.objects.create_superuser(name, f"{name}@x.example", "correct horse battery")
    else:
        user = User.objects.create_user(name, f"{name}@x.example", "correct horse battery")
        if role != "stranger":
            Membership.objects.create(user=user, team=poster.project.team, role=role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bad(poster: Poster) -> Quarantined:
    InboxRow.objects.all().delete()
    assert poster.post("store/", {"message": "<script>alert(1)</script>"}).status_code == 200
    claim = claims.take("w:1")
    assert claim is not None
    quarantine.put(claim, "ZeroDivisionError in <b>build</b>")
    return Quarantined.objects.get(project_id=poster.project.pk)


class TestDamagedFiles:
    @pytest.fixture
    def file(self, poster: Poster, tmp_path: Path, settings: Any) -> Path:
        settings.EMBERWATCH_DATA = tmp_path
        letter = Letter(
            poster.project.pk, poster.key.pk, "store", "", uuid.uuid4(), 1, b"{}",
            b'{"message": "spooled"}',
        )  # fmt: skip
        where = tmp_path / "spool"
        where.mkdir()
        made = where / f"host-1-{time.time_ns()}.damaged"
        made.write_bytes(pack(letter, time.time(), False) + b"rubbish, and much of it")
        made.with_suffix(".why").write_text("<b>byte 7</b>")
        return made

    def test_owners_see_and_recover_them(self, poster: Poster, file: Path) -> None:
        owner = person(poster, "owner")
        page = owner.get("/admin/ingest/quarantined/").content.decode()
        assert file.stem in page and "&lt;b&gt;byte 7" in page and str(file.parent) in page
        assert "Spool files of this machine" in owner.get("/admin/instance/").content.decode()
        told = {"name": file.stem}
        assert owner.get("/admin/ingest/quarantined/spool/recover/").status_code == 405
        answer = owner.post("/admin/ingest/quarantined/spool/recover/", told, follow=True)
        assert "1 put into the inbox" in answer.content.decode()
        assert file.stem not in owner.get("/admin/ingest/quarantined/").content.decode()
        assert AuditEntry.objects.get(action="recovered").after["letters"] == 1
        assert digest.run() == 1
        again = owner.post("/admin/ingest/quarantined/spool/recover/", told, follow=True)
        assert "no such file" in again.content.decode()

    @pytest.mark.parametrize("role", ["admin", "viewer", "stranger"])
    def test_nobody_else_does(self, poster: Poster, file: Path, role: str) -> None:
        client = person(poster, role)
        answer = client.post("/admin/ingest/quarantined/spool/recover/", {"name": file.stem})
        assert answer.status_code in {302, 403, 404} and file.exists()


class TestQuarantine:
    def test_owners_see_reasons_and_download_bytes(self, poster: Poster, bad: Quarantined) -> None:
        owner = person(poster, "owner")
        page = owner.get("/admin/ingest/quarantined/")
        assert page.status_code == 200 and b"&lt;b&gt;build" in page.content
        one = owner.get(f"/admin/ingest/quarantined/{bad.pk}/change/")
        assert one.status_code == 200 and b"<script>alert" not in one.content
        raw = owner.get(f"/admin/ingest/quarantined/{bad.pk}/raw/")
        assert raw["Content-Disposition"].startswith("attachment;") and b"<script>" in raw.content
        assert raw["Content-Type"] == "application/octet-stream"
        assert LogEntry.objects.filter(
            object_id=str(bad.pk), change_message__contains="raw"
        ).exists()

    @pytest.mark.parametrize("role", ["admin", "triager", "viewer", "stranger"])
    def test_nobody_else_does(self, poster: Poster, bad: Quarantined, role: str) -> None:
        client = person(poster, role)
        for where in ("", f"{bad.pk}/change/", f"{bad.pk}/raw/"):
            assert client.get(f"/admin/ingest/quarantined/{where}").status_code in {302, 403, 404}
        assert client.post("/admin/ingest/quarantined/replay-all/").status_code in {403, 404}
        assert Quarantined.objects.filter(pk=bad.pk).exists()

    def test_replay_one_and_all(self, poster: Poster, bad: Quarantined) -> None:
        owner = person(poster, "owner")
        told = {"action": "replay", "_selected_action": [bad.pk]}
        assert owner.post("/admin/ingest/quarantined/", told).status_code == 302
        assert poster.rows().count() == 1 and books.differences() == []
        claim = claims.take("w:1")
        assert claim is not None
        quarantine.put(claim, "again")
        assert owner.get("/admin/ingest/quarantined/replay-all/").status_code == 405
        assert owner.post("/admin/ingest/quarantined/replay-all/").status_code == 302
        assert digest.run() >= 1 and not Quarantined.objects.exists()
        assert books.differences() == []


@pytest.mark.parametrize(
    "page", ["tracker/attachment", "tracker/feedback", "tracker/monitor", "tracker/inboundfilters"]
)
def test_lists_show_the_teams_rows_only(poster: Poster, page: str) -> None:
    monitor = Monitor.objects.create(project=poster.project, slug=f"job-{poster.project.pk}")
    for role, sees in (("owner", True), ("triager", True), ("stranger", False)):
        answer = person(poster, role).get(f"/admin/{page}/")
        assert answer.status_code == 200
        if page.endswith("monitor"):
            assert (monitor.slug.encode() in answer.content) is sees


def test_files_are_downloads_of_the_team(poster: Poster, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    body = poster.envelope(
        ({"type": "attachment", "filename": "x.html", "length": 8}, "<script>"),
        event_id=uuid.uuid4().hex,
    )
    assert poster.post("envelope/", body).status_code == 200
    digest.run()
    row = Attachment.objects.get(project=poster.project)
    where = f"/admin/tracker/attachment/{row.pk}/file/"
    answer = person(poster, "viewer").get(where)
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment;")
    assert person(poster, "stranger").get(where).status_code == 404
    (tmp_path / row.path).unlink()
    assert person(poster, "owner").get(where).status_code == 410


def test_filters_are_checked(poster: Poster) -> None:
    admin = person(poster, "admin")
    told = {
        "project": poster.project.pk,
        "messages": "  a*\n\n b ",
        "releases": "",
        "ip_ranges": "10.0.0.0/8",
    }
    assert admin.post("/admin/tracker/inboundfilters/add/", told).status_code == 302
    filters = InboundFilters.objects.get(project=poster.project)
    assert filters.messages == ["a*", "b"] and filters.ip_ranges == ["10.0.0.0/8"]
    where = f"/admin/tracker/inboundfilters/{filters.pk}/change/"
    for bad in ({"messages": "**"}, {"ip_ranges": "nonsense"}, {"messages": "x\n" * 60}):
        assert admin.post(where, {**told, **bad}).status_code == 200
    assert person(poster, "triager").post(where, told).status_code == 403


def test_health_of_a_project(poster: Poster) -> None:
    from django.utils import timezone

    from ingest import limits

    poster.key.monthly_quota = 4
    poster.key.save()
    sdk = {"sdk": {"name": "sentry.go", "version": "1"}, "message": "x"}
    assert poster.post("store/", {"event_id": "e" * 32, **sdk}).status_code == 200
    assert poster.post("store/", {"event_id": "e" * 32, **sdk}).status_code == 200
    assert poster.post("store/", b"broken").status_code == 400
    poster.post("envelope/", poster.envelope(({"type": "transaction"}, {})))
    digest.run()
    assert poster.post("store/", sdk).status_code == 200
    waiting.backlog()
    limits.LIMITS.sync()
    found = health.of_project(poster.project.pk, timezone.now())
    assert (found.accepted, found.counted, found.duplicate, found.waiting) == (3, 1, 1, 1)
    assert found.refused == {"invalid": 1} and found.skipped == {"transaction": 1}
    assert found.oldest_seconds > 0 and found.limited == 0 and found.banners == []
    assert [(one.name, one.events) for one in found.sdks] == [("sentry.go/1", 2)]
    (usage,) = found.keys
    assert (usage.used, usage.quota, usage.percent) == (3, 4, 75)
    assert health.inbox_rows() >= 1 and health.inbox_oldest() > 0
    assert health.quarantined_bodies() >= 0 and health.monitors_failing() >= 0
    digest.run()
