"""Age, sampling and dictionaries: what goes is booked, what stays can be read."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker import ageing, books, store
from tracker.actions import retain
from tracker.domain.sampling import keep
from tracker.models import EventRow, EventSeen, Issue, Ledger, PayloadDictionary
from tracker.payloads import unpack
from tracker.sql import run


@given(st.binary(min_size=16, max_size=16), st.integers(0, 99))
def test_all_are_kept_up_to_the_threshold(event_id: bytes, before: int) -> None:
    assert keep(event_id, before, 100)


def test_the_sample_thins_and_is_fair() -> None:
    ids = [
        hashlib.blake2b(str(number).encode(), digest_size=16).digest() for number in range(100_000)
    ]
    kept = [keep(event_id, number, 100) for number, event_id in enumerate(ids)]
    assert 250 <= sum(kept[:1_000]) <= 420  # expected: 100 + 100 ln 10 = 330
    assert sum(kept[-1_000:]) <= 10
    assert 600 <= sum(kept) <= 1_000  # expected: 100 + 100 ln 1000 = 791


@pytest.mark.django_db(transaction=True)
class TestRetention:
    """With a real PostgreSQL."""

    def test_old_partitions_go_and_are_booked(self) -> None:
        project = make_project()
        send(project, *[python_event() for _ in range(3)])
        today = datetime.now(UTC).date()
        old = today - timedelta(days=100)
        store.ensure_day(old)
        run("UPDATE tracker_event SET day = %s", [old])
        run("UPDATE tracker_eventseen SET day = %s", [old])
        send(project, python_event())

        assert retain.drop_old_days(today, 90) == 3
        assert old not in ageing.days_of("tracker_event")
        assert EventRow.objects.count() == 1
        assert Issue.objects.get().events == 4
        assert books.differences() == []
        assert retain.forget_seen(today, 90) == 3
        assert EventSeen.objects.count() == 1

    def test_a_busy_partition_is_left_for_the_next_run(self) -> None:
        import psycopg
        from django.db import connection

        old = datetime.now(UTC).date() - timedelta(days=100)
        store.ensure_day(old)
        with psycopg.connect(connection.connection.info.dsn, password=connection.settings_dict["PASSWORD"]) as other:  # fmt: skip
            other.execute("LOCK TABLE tracker_event IN ROW EXCLUSIVE MODE")
            retain.drop_old_days(datetime.now(UTC).date(), 90)
            assert old in ageing.days_of("tracker_event")
        retain.drop_old_days(datetime.now(UTC).date(), 90)
        assert old not in ageing.days_of("tracker_event")

    def test_a_projects_shorter_age_deletes_only_its_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retain, "CHUNK", 2)
        short, whole = make_project("Short"), make_project("Whole")
        short.retention_days = 7
        short.save()
        send(short, *[python_event() for _ in range(5)])
        send(whole, python_event())
        today = datetime.now(UTC).date()
        old = today - timedelta(days=8)
        store.ensure_day(old)
        run("UPDATE tracker_event SET day = %s", [old])
        run("UPDATE tracker_eventseen SET day = %s", [old])
        assert retain.expire_projects(today) == 5
        assert EventRow.objects.get().project_id == whole.pk
        assert books.differences() == []

    def test_noisy_issues_keep_a_sample_and_exact_counts(self, settings) -> None:
        settings.SAMPLE_ABOVE = 100
        project = make_project()
        bodies: list[dict[str, object]] = []
        for _ in range(4):
            bodies = [python_event(user={"id": number}) for number in range(200)]
            send(project, *bodies)
        issue = Issue.objects.get()
        stored = EventRow.objects.filter(project_id=project.pk).count()
        assert (issue.events, issue.users) == (800, 200)
        assert 150 <= stored < 600
        assert EventRow.objects.filter(event_id=bodies[-1]["event_id"]).exists()
        sampled = sum(Ledger.objects.filter(kind="sampled").values_list("count", flat=True))
        assert sampled == 800 - stored
        assert books.differences() == []

        project.unlimited = True
        project.save()
        from ingest import digest

        digest._rules.clear()
        send(project, *[python_event() for _ in range(50)])
        assert EventRow.objects.filter(project_id=project.pk).count() == stored + 50

    def test_a_project_gets_its_own_dictionary_and_old_payloads_stay_readable(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ingest import digest

        monkeypatch.setattr(retain, "TRAIN_FROM", 300)
        project = make_project()
        digest._rules.clear()
        send(project, *[python_event(number % 9, extra={"note": f"order {number}"}) for number in range(320)])  # fmt: skip
        assert retain.train_dictionaries(datetime.now(UTC)) == 1
        project.refresh_from_db()
        assert project.dictionary >= 2
        assert PayloadDictionary.objects.get().pk == project.dictionary
        digest._rules.clear()
        body = python_event(1)
        send(project, body)
        row = EventRow.objects.get(event_id=body["event_id"])
        assert row.dictionary == project.dictionary
        for each in EventRow.objects.all():
            assert unpack(bytes(each.payload), each.dictionary)["platform"] == "python"
        assert retain.train_dictionaries(datetime.now(UTC)) == 0
        now = datetime.now(UTC)
        PayloadDictionary.objects.update(created_at=now - timedelta(days=2))
        assert retain.train_dictionaries(now) == 1  # the first saw few events
        assert retain.train_dictionaries(now + timedelta(days=2)) == 0
        assert retain.drop_dictionaries(now + timedelta(days=10), 90) == 0
        assert retain.drop_dictionaries(now + timedelta(days=93), 90) == 1
