"""What envelopes hold beside events, from the request to the tables."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from ingest import digest, limits
from ingest.models import Client as Sdk
from ingest.models import InboxRow, Quarantined
from tests.ingest.conftest import Poster
from tracker import books, sessions
from tracker.actions import attachments, monitors, resolving, triage
from tracker.attachments import download
from tracker.domain.snooze import Until
from tracker.models import (
    Activity,
    Attachment,
    CheckIn,
    EventRow,
    Feedback,
    InboundFilters,
    Issue,
    Ledger,
    Monitor,
    Release,
    SessionHour,
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    yield
    assert books.differences() == []


def digested(poster: Poster, *answers: Any, status: int = 200) -> None:
    for answer in answers:
        assert answer.status_code == status, answer.content
    digest.run()
    assert not InboxRow.objects.exists() and not Quarantined.objects.exists()


def ledger(poster: Poster, kind: str) -> dict[str, int]:
    limits_of(poster).flush()
    rows = Ledger.objects.filter(project_id=poster.project.pk, kind=kind)
    return {row.reason: row.count for row in rows}


def limits_of(poster: Poster) -> limits.Limits:
    from ingest import limits

    del poster
    return limits.LIMITS


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


class TestSessions:
    def update(self, sid: str, **more: Any) -> tuple[dict[str, Any], Any]:
        told = {
            "sid": sid, "did": "user-1", "started": ago(minutes=1), "status": "ok", "errors": 0,
            "attrs": {"release": "shop@1.0", "environment": "production"}, **more,
        }  # fmt: skip
        return ({"type": "session"}, told)

    def figures(self, poster: Poster) -> sessions.Figures:
        now = datetime.now(UTC)
        return sessions.figures(
            poster.project.pk, now - timedelta(days=1), now + timedelta(hours=1)
        )

    def test_a_session_counts_once_and_its_last_word_holds(self, poster: Poster) -> None:
        sid = str(uuid.uuid4())
        first = poster.envelope(self.update(sid, init=True))
        digested(poster, poster.post("envelope/", first))
        assert self.figures(poster) == sessions.Figures(1, 0, 0, 0, 1, 0)
        digested(
            poster,
            poster.post("envelope/", poster.envelope(self.update(sid, errors=1, seq=1))),
            poster.post("envelope/", poster.envelope(self.update(sid, status="crashed", seq=3))),
            poster.post("envelope/", poster.envelope(self.update(sid, status="exited", seq=2))),
        )
        found = self.figures(poster)
        assert found == sessions.Figures(1, 0, 0, 1, 1, 1)
        assert found.crash_free_sessions == 0.0 and found.crash_free_users == 0.0

    def test_words_of_one_batch_are_one_session(self, poster: Poster) -> None:
        sid = str(uuid.uuid4())
        for status in ("ok", "errored"):
            digested_later = poster.post(
                "envelope/", poster.envelope(self.update(sid, status=status))
            )
            assert digested_later.status_code == 200
        digested(poster)
        assert self.figures(poster) == sessions.Figures(1, 1, 0, 0, 1, 0)

    def test_aggregates_are_added_up(self, poster: Poster) -> None:
        told = {
            "attrs": {"release": "shop@1.0", "environment": "production"},
            "aggregates": [
                {"started": ago(minutes=2), "exited": 90, "errored": 5, "crashed": 1, "did": "a"},
                {"started": ago(minutes=1), "exited": 3, "abnormal": 1, "unhandled": 1, "did": "b"},
            ],
        }
        digested(poster, poster.post("envelope/", poster.envelope(({"type": "sessions"}, told))))
        found = self.figures(poster)
        assert found == sessions.Figures(101, 6, 1, 1, 2, 1)
        assert found.crash_free_sessions == pytest.approx(100 / 101)
        release = Release.objects.get(project=poster.project)
        assert self.of(poster, release.pk) == 101 and self.of(poster, release.pk + 10**6) == 0

    def of(self, poster: Poster, release: int) -> int:
        now = datetime.now(UTC)
        span = (now - timedelta(days=1), now + timedelta(hours=1))
        return sessions.figures(poster.project.pk, *span, release_id=release).total

    def test_without_sessions_there_is_no_rate(self, poster: Poster) -> None:
        assert self.figures(poster).crash_free_sessions is None

    def test_without_release_they_are_dropped_and_counted(self, poster: Poster) -> None:
        body = poster.envelope(({"type": "session"}, {"sid": "x", "started": ago(minutes=1)}))
        digested(poster, poster.post("envelope/", body))
        assert ledger(poster, "skipped") == {"session": 1}
        assert not SessionHour.objects.filter(project_id=poster.project.pk).exists()

    def test_old_ids_are_forgotten(self, poster: Poster) -> None:
        digested(poster, poster.post("envelope/", poster.envelope(self.update("a", init=True))))
        assert sessions.forget(datetime.now(UTC) - timedelta(days=6)) == 0
        assert sessions.forget(datetime.now(UTC) + timedelta(days=6)) >= 1
        assert self.figures(poster).total == 1


def test_losses_are_booked_under_known_words_only(poster: Poster) -> None:
    told = {
        "discarded_events": [
            {"reason": "ratelimit_backoff", "category": "error", "quantity": 7},
            {"reason": "x" * 60, "category": "y" * 60, "quantity": 2},
            {"reason": "z", "category": "error", "quantity": 1},
        ]
    }
    digested(poster, poster.post("envelope/", poster.envelope(({"type": "client_report"}, told))))
    assert ledger(poster, "lost") == {
        "error:ratelimit_backoff": 7, "other:other": 2, "error:other": 1,
    }  # fmt: skip


class TestWords:
    def test_user_report_waits_for_its_event(self, poster: Poster) -> None:
        event_id = uuid.uuid4().hex
        told = {"event_id": event_id, "name": "Ada", "email": "a@b.example", "comments": "It broke"}
        body = poster.envelope(({"type": "user_report"}, told))
        digested(poster, poster.post("envelope/", body), poster.post("envelope/", body))
        found = Feedback.objects.get(project=poster.project)
        assert (found.message, found.event_id) == ("It broke", uuid.UUID(event_id))

    def test_feedback_is_no_issue(self, poster: Poster) -> None:
        told = {
            "event_id": uuid.uuid4().hex, "type": "feedback",
            "contexts": {"feedback": {"message": "Nice\x00 shop", "contact_email": "a@b.example"}},
        }  # fmt: skip
        digested(poster, poster.post("envelope/", poster.envelope(({"type": "feedback"}, told))))
        assert Feedback.objects.get(project=poster.project).email == "a@b.example"
        assert not Issue.objects.filter(project=poster.project).exists()

    def test_too_many_are_dropped_and_counted(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attachments, "MOST_FEEDBACK", 2)
        for number in range(4):
            told = {"event_id": uuid.uuid4().hex, "comments": f"n{number}"}
            poster.post("envelope/", poster.envelope(({"type": "user_report"}, told)))
        digested(poster)
        assert Feedback.objects.filter(project=poster.project).count() == 2
        assert ledger(poster, "skipped") == {"feedback": 2}

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/x-www-form-urlencoded"]
    )
    def test_old_web_api(self, poster: Poster, content_type: str) -> None:
        from urllib.parse import urlencode

        told = {
            "event_id": str(uuid.uuid4()),
            "name": "Ada",
            "email": "a@b.example",
            "comments": "Hm",
        }
        body = json.dumps(told) if "json" in content_type else urlencode(told)
        answer = poster.client.post(
            f"/api/0/projects/org/{poster.project.slug}/user-feedback/", body,
            content_type=content_type, headers={"Authorization": f"DSN {poster.dsn}"},
        )  # fmt: skip
        digested(poster, answer)
        assert answer.json()["comments"] == "Hm"
        assert Feedback.objects.get(project=poster.project).name == "Ada"

    def test_dialog(self, poster: Poster) -> None:
        where = f"/api/embed/error-page/?eventId={uuid.uuid4().hex}&dsn={poster.dsn}"
        script = poster.client.get(where)
        assert script["Content-Type"].startswith("text/javascript")
        form = {"name": "Ada", "email": "a@b.example", "comments": "Crash"}
        assert poster.client.post(where, {"name": "Ada"}).status_code == 400
        digested(poster, poster.client.post(where, form))
        assert Feedback.objects.get(project=poster.project).message == "Crash"


class TestFiles:
    def upload(
        self, poster: Poster, event_id: str, content: bytes = b"<svg onload=alert(1)>"
    ) -> Any:
        form = (
            b'--xx\r\nContent-Disposition: form-data; name="a"; filename="../x.svg"\r\n'
            b"Content-Type: image/svg+xml\r\n\r\n" + content + b"\r\n--xx--\r\n"
        )
        where = f"events/{event_id}/attachments/"
        return poster.post(where, form, content_type="multipart/form-data; boundary=xx")

    def test_with_the_event(self, poster: Poster) -> None:
        event_id = uuid.uuid4().hex
        body = poster.envelope(
            ({"type": "event"}, {"message": "with a file"}),
            ({"type": "attachment", "filename": "log.txt", "length": 5}, "hello"),
            event_id=event_id,
        )
        digested(poster, poster.post("envelope/", body), poster.post("envelope/", body))
        found = Attachment.objects.get(project=poster.project)
        assert (found.filename, found.size, found.event_id.hex) == ("log.txt", 5, event_id)
        with default_storage.open(found.path) as file:
            assert file.read() == b"hello"
        assert EventRow.objects.filter(project_id=poster.project.pk).count() == 1

    def test_later_and_always_downloaded(self, poster: Poster) -> None:
        digested(poster, self.upload(poster, str(uuid.uuid4())), status=201)
        found = Attachment.objects.get(project=poster.project)
        answer = download(found)
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert "/" not in answer["Content-Disposition"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert b"".join(answer.streaming_content) == b"<svg onload=alert(1)>"  # type: ignore[arg-type]
        assert ".." not in found.path

    def test_bad_uploads(self, poster: Poster) -> None:
        assert self.upload(poster, "nonsense").status_code == 400
        where = f"events/{uuid.uuid4().hex}/attachments/"
        assert poster.post(where, b"no form").status_code == 400
        assert poster.post(where, b"--xx\r\n\r\n--xx--\r\n").status_code == 400

    def test_kept_a_day_without_event(self, poster: Poster) -> None:
        event_id = uuid.uuid4().hex
        digested(
            poster, self.upload(poster, event_id), self.upload(poster, uuid.uuid4().hex), status=201
        )
        digested(poster, poster.post("store/", {"event_id": event_id, "message": "mine"}))
        now = datetime.now(UTC)
        attachments.remove_lonely(now)
        assert Attachment.objects.filter(project=poster.project).count() == 2
        lonely = Attachment.objects.exclude(event_id=event_id).get(project=poster.project)
        attachments.remove_lonely(now + timedelta(days=1, minutes=1))
        assert Attachment.objects.get(project=poster.project).event_id.hex == event_id
        assert not default_storage.exists(lonely.path)

    def test_full_storage_costs_no_event(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr("ingest.besides.store_file", full)
        body = poster.envelope(
            ({"type": "event"}, {"message": "kept"}),
            ({"type": "attachment", "filename": "log.txt", "length": 5}, "hello"),
            event_id=uuid.uuid4().hex,
        )
        digested(poster, poster.post("envelope/", body))
        assert EventRow.objects.filter(project_id=poster.project.pk).count() == 1
        assert ledger(poster, "skipped") == {"attachment": 1}

    def test_a_day_has_a_limit(self, poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attachments, "MOST_BYTES", 30)
        digested(poster, self.upload(poster, uuid.uuid4().hex), status=201)
        digested(poster, self.upload(poster, uuid.uuid4().hex), status=201)
        assert Attachment.objects.filter(project=poster.project).count() == 1
        assert ledger(poster, "skipped") == {"attachment": 1}

    def test_minidump(self, poster: Poster) -> None:
        form = (
            b'--xx\r\nContent-Disposition: form-data; name="sentry[release]"\r\n\r\ngame@3\r\n'
            b'--xx\r\nContent-Disposition: form-data; name="upload_file_minidump"; filename="a.dmp"\r\n'
            b"\r\nMDMP\x00\x01\r\n--xx--\r\n"
        )
        answer = poster.post("minidump/", form, content_type="multipart/form-data; boundary=xx")
        digested(poster, answer)
        event_id = uuid.UUID(answer.content.decode())
        assert "-" in answer.content.decode() and answer["Content-Type"] == "text/plain"
        issue = Issue.objects.get(project=poster.project)
        assert issue.level == 50 and issue.first_release and issue.first_release.version == "game@3"
        assert Attachment.objects.get(project=poster.project).event_id == event_id
        assert poster.post("minidump", b"NOPE").status_code == 400

    def test_minidumps_are_never_told_to_wait(self, poster: Poster) -> None:
        poster.key.rate_per_minute = 0
        poster.key.save()
        assert poster.post("store/", {"message": "no"}).status_code == 429
        assert poster.post("minidump/", b"MDMP" + b"\0" * 50).status_code == 200
        assert not poster.rows().exists()
        assert ledger(poster, "refused") == {"rate": 2}


class TestMonitors:
    @pytest.fixture(autouse=True)
    def no_others(self, poster: Poster) -> None:
        Monitor.objects.exclude(project=poster.project).delete()

    config = {"schedule": {"type": "interval", "value": 10, "unit": "minute"}, "checkin_margin": 2,
              "max_runtime": 5, "timezone": "Europe/Zurich"}  # fmt: skip

    def check_in(self, poster: Poster, status: str, **more: Any) -> str:
        told = {
            "check_in_id": uuid.uuid4().hex,
            "monitor_slug": "nightly",
            "status": status,
            **more,
        }
        digested(poster, poster.post("envelope/", poster.envelope(({"type": "check_in"}, told))))
        return str(told["check_in_id"])

    def test_a_run_in_two_words(self, poster: Poster) -> None:
        run = self.check_in(poster, "in_progress", monitor_config=self.config)
        monitor = Monitor.objects.get(project=poster.project)
        assert monitor.running == uuid.UUID(run) and monitor.status == "waiting"
        assert monitor.schedule == self.config["schedule"] and monitor.margin == 2
        self.check_in(poster, "ok", check_in_id=run, duration=3.5)
        monitor.refresh_from_db()
        assert monitor.status == "ok" and monitor.running is None
        done = CheckIn.objects.get(monitor=monitor)
        assert (done.status, done.duration) == ("ok", 3.5)

    def test_unknown_monitor_without_config_is_dropped(self, poster: Poster) -> None:
        self.check_in(poster, "ok")
        assert not Monitor.objects.filter(project=poster.project).exists()
        assert ledger(poster, "skipped") == {"check_in": 1}

    def test_bad_config_costs_no_check_in(self, poster: Poster) -> None:
        bad = {"schedule": {"type": "crontab", "value": "99 * * * *"}, "timezone": "Mars/Base"}
        self.check_in(poster, "ok", monitor_config=bad)
        monitor = Monitor.objects.get(project=poster.project)
        assert (monitor.status, monitor.schedule, monitor.timezone) == ("ok", None, "UTC")

    def test_a_failure_opens_an_issue_once_and_more_are_its_events(self, poster: Poster) -> None:
        self.check_in(poster, "error", monitor_config=self.config)
        issue = Issue.objects.get(project=poster.project)
        assert "nightly" in issue.title and issue.events == 1
        failed = self.check_in(poster, "error")
        self.check_in(poster, "error", check_in_id=failed)  # the same word again
        issue.refresh_from_db()
        assert issue.events == 2
        self.check_in(poster, "ok")
        assert Monitor.objects.get(project=poster.project).status == "ok"

    def test_each_failure_is_a_letter_unless_the_issue_is_put_aside(self, poster: Poster) -> None:
        letters = Activity.objects.filter(project=poster.project, kind=monitors.MISSED_LETTER)
        self.check_in(poster, "error", monitor_config=self.config)
        self.check_in(poster, "error")
        assert letters.count() == 2
        later = datetime.now(UTC) + timedelta(days=1)
        rows = Issue.objects.filter(project=poster.project)
        triage.snooze(rows, None, datetime.now(UTC), Until.TIME, moment=later)
        self.check_in(poster, "error")
        assert letters.count() == 2

    def test_recovery_resolves_the_issue_and_the_next_failure_is_a_regression(
        self, poster: Poster
    ) -> None:
        self.check_in(poster, "error", monitor_config=self.config)
        self.check_in(poster, "error", environment="staging")
        issue = Issue.objects.get(project=poster.project)
        self.check_in(poster, "ok")
        issue.refresh_from_db()
        assert issue.status == "unresolved"  # it still fails in staging
        self.check_in(poster, "ok", environment="staging")
        issue.refresh_from_db()
        assert issue.status == "resolved"
        told = Activity.objects.get(issue=issue, kind="resolved")
        assert told.actor is None and "checked in again" in told.data["why"]
        self.check_in(poster, "error")
        issue.refresh_from_db()
        assert (issue.status, issue.substatus) == ("unresolved", "regressed")

    def test_recovery_leaves_alone_what_people_decided(self, poster: Poster) -> None:
        self.check_in(poster, "error", monitor_config=self.config)
        Monitor.objects.update(auto_resolve=False)
        self.check_in(poster, "ok")
        assert Issue.objects.get(project=poster.project).status == "unresolved"
        Monitor.objects.update(auto_resolve=True)
        self.check_in(poster, "error")
        mine = Issue.objects.filter(project=poster.project)
        resolving.snooze(mine, None, datetime.now(UTC), Until.ESCALATING)
        self.check_in(poster, "ok")
        assert Issue.objects.get(project=poster.project).status == "snoozed"
        assert not Monitor.objects.filter(recovered=True).exists()

    def test_a_missed_run_that_comes_late_resolves_too(self, poster: Poster) -> None:
        self.check_in(poster, "ok", monitor_config=self.config)
        now = datetime.now(UTC)
        assert monitors.watch(now + timedelta(minutes=13)) == 1
        monitors.raise_alarms(now)
        assert Issue.objects.get(project=poster.project).status == "unresolved"
        self.check_in(poster, "ok")
        assert Issue.objects.get(project=poster.project).status == "resolved"
        Monitor.objects.filter(project=poster.project).update(due_at=None)

    def test_threshold(self, poster: Poster) -> None:
        config = {**self.config, "failure_issue_threshold": 2}
        self.check_in(poster, "error", monitor_config=config)
        assert not Issue.objects.filter(project=poster.project).exists()
        self.check_in(poster, "error")
        assert Issue.objects.get(project=poster.project).events == 1

    def test_missed(self, poster: Poster) -> None:
        self.check_in(poster, "ok", monitor_config=self.config)
        now = datetime.now(UTC)
        assert monitors.watch(now + timedelta(minutes=11)) == 0
        assert monitors.watch(now + timedelta(minutes=13)) == 1
        assert monitors.raise_alarms(now) == 1 and monitors.raise_alarms(now) == 0
        assert Issue.objects.get(project=poster.project).events == 1
        assert Monitor.objects.get(project=poster.project).status == "missed"
        letter = Activity.objects.get(project=poster.project, kind=monitors.MISSED_LETTER)
        assert letter.issue == Issue.objects.get(project=poster.project)
        assert letter.data["why"] == "The job did not check in when it should have: nightly"
        Monitor.objects.filter(project=poster.project).update(due_at=None)

    def test_too_long(self, poster: Poster) -> None:
        self.check_in(poster, "in_progress", monitor_config=self.config)
        now = datetime.now(UTC)
        assert monitors.watch(now + timedelta(minutes=6)) == 1
        assert monitors.raise_alarms(now) == 1
        assert CheckIn.objects.get(monitor__project=poster.project).status == "timeout"
        Monitor.objects.filter(project=poster.project).update(due_at=None)

    def test_a_note_that_nobody_took_is_raised_later(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(monitors, "raise_alarms", lambda now: 0)  # the worker died here
            self.check_in(poster, "error", monitor_config=self.config)
        assert not Issue.objects.filter(project=poster.project).exists()
        monitors.raise_alarms(datetime.now(UTC))
        assert Issue.objects.filter(project=poster.project).count() == 1

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_by_url(self, poster: Poster, method: str) -> None:
        self.check_in(poster, "ok", monitor_config=self.config)
        where = (
            f"/api/{poster.project.pk}/cron/nightly/{poster.key.public_key}?status=error&duration=2"
        )
        answer = getattr(poster.client, method)(where)
        digested(poster, answer, status=202)
        assert Monitor.objects.get(project=poster.project).status == "error"

    def test_by_url_with_config_and_other_forms(self, poster: Poster) -> None:
        told = {"status": "ok", "monitor_config": self.config}
        answer = poster.post("cron/Nightly%20Job/", told, content_type="application/json")
        digested(poster, answer, status=202)
        assert Monitor.objects.get(project=poster.project).slug == "nightly-job"
        assert (
            poster.client.get(f"/api/{poster.project.pk}/cron/nightly/{'0' * 32}/").status_code
            == 403
        )
        assert poster.client.get(f"/api/{poster.project.pk}/cron/nightly/").status_code == 401

    def test_strangers_make_so_many(self, poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(monitors, "MOST_MONITORS", 2)
        for number in range(4):
            self.check_in(poster, "ok", monitor_slug=f"job-{number}", monitor_config=self.config)
        assert Monitor.objects.filter(project=poster.project).count() == 2

    def test_old_check_ins_go(self, poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(monitors, "KEPT", 2)
        for _ in range(4):
            self.check_in(poster, "ok", monitor_config=self.config)
        monitors.prune(datetime.now(UTC))
        assert CheckIn.objects.filter(monitor__project=poster.project).count() == 2


class TestFilters:
    event = {
        "platform": "javascript", "release": "shop@1.2",
        "request": {"url": "https://shop.example/", "headers": {"User-Agent": "Mozilla Googlebot/2.1"}},
        "exception": {"values": [{"type": "TypeError", "value": "x is null", "stacktrace": {"frames": [
            {"filename": "chrome-extension://abc/inject.js", "lineno": 1}]}}]},
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("rule", "setting"),
        [
            ("browser_extension", {"browser_extensions": True}),
            ("crawler", {"crawlers": True}),
            ("release", {"releases": ["shop@1.*"]}),
            ("message", {"messages": ["TypeError: * null"]}),
            ("ip", {"ip_ranges": ["nonsense", "127.0.0.0/8"]}),
            ("localhost", {"localhost": True}),
        ],
    )
    def test_each_is_counted_under_its_name(
        self, poster: Poster, rule: str, setting: dict[str, Any]
    ) -> None:
        event = dict(self.event)
        if rule == "localhost":
            event["request"] = {"url": "http://localhost:3000/"}
        InboundFilters.objects.create(project=poster.project, **setting)
        digested(poster, poster.post("store/", event))
        assert ledger(poster, "filtered") == {rule: 1}
        assert not Issue.objects.filter(project=poster.project).exists()

    def test_nothing_is_filtered_unless_asked(self, poster: Poster) -> None:
        InboundFilters.objects.create(project=poster.project, messages=["other*"], releases=["2.*"])
        digested(poster, poster.post("store/", self.event))
        assert Issue.objects.get(project=poster.project).events == 1

    def test_globs_are_linear(self, poster: Poster) -> None:
        InboundFilters.objects.create(project=poster.project, messages=["*a" * 99 + "b"])
        started = time.monotonic()
        digested(poster, poster.post("store/", {"message": "a" * 8000}))
        assert time.monotonic() - started < 2


def test_clients_are_remembered(poster: Poster) -> None:
    for version in ("1.0", "1.0", "2.0"):
        sdk = {"sdk": {"name": "sentry.python", "version": version}, "message": "x"}
        poster.post("store/", sdk)
    digested(poster)
    found = Sdk.objects.filter(project_id=poster.project.pk).values_list("sdk", "events")
    assert sorted(found) == [("sentry.python/1.0", 2), ("sentry.python/2.0", 1)]
