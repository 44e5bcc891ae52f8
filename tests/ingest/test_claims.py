"""Claims, quarantine, the commit of many, and the bell: who has what when something dies."""

from __future__ import annotations

import gzip
import json
import threading
import time
import uuid
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError

from ingest import claims, digest, inbox, quarantine, tasks, waiting, wakeup
from ingest.errors import InboxAway
from ingest.inbox import Committer, Letter
from ingest.models import InboxClaim, InboxRow, Quarantined
from tests.ingest.conftest import Poster
from tracker import books
from tracker.actions.record import IssueGone
from tracker.models import EventRow, Ledger

LONG_AGO = "2000-01-01T00:00:00Z"


def letter(poster: Poster, body: bytes | None = None, events: int = 1) -> Letter:
    raw = json.dumps({"message": "x"}).encode() if body is None else body
    return Letter(
        poster.project.pk,
        poster.key.pk,
        "store",
        "gzip",
        uuid.uuid4(),
        events,
        b"{}",
        gzip.compress(raw),
    )


@pytest.fixture(autouse=True)
def clean(poster: Poster) -> None:
    InboxRow.objects.all().delete()
    InboxClaim.objects.all().delete()
    Quarantined.objects.all().delete()
    Ledger.objects.all().delete()
    EventRow.objects.all().delete()


def test_two_workers_never_have_the_same_row(poster: Poster) -> None:
    inbox.put_rows([letter(poster) for _ in range(claims.BATCH + 20)])
    first, second = claims.take("a:1"), claims.take("b:1")
    assert first and second and claims.take("c:1") is None
    assert len(first.ids) == claims.BATCH and len(second.ids) == 20
    assert not set(first.ids) & set(second.ids)


def test_a_claim_knows_whether_more_waits(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH", 5)
    inbox.put_rows([letter(poster) for _ in range(6)])
    assert waiting.anything_waits(6) and not waiting.anything_waits(7)
    first, second = claims.take("a:1"), claims.take("b:1")
    assert first and first.more and second and not second.more
    assert not waiting.anything_waits()
    InboxClaim.objects.update(lease_until=LONG_AGO)
    assert waiting.anything_waits(7)  # what was left behind waits in any case

    InboxClaim.objects.all().delete()
    monkeypatch.setattr(claims, "BATCH_BYTES", 1)
    last = claims.take("c:1")
    assert last and len(last.ids) == 1 and last.more


def test_many_takers_at_once_share_all_rows(poster: Poster) -> None:
    inbox.put_rows([letter(poster) for _ in range(claims.BATCH * 3)])
    found: list[int] = []

    def take() -> None:
        from django.db import connection

        claim = claims.take("x:1")
        found.extend(claim.ids if claim else [])
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == claims.BATCH * 3


def test_a_claim_is_bounded_in_bytes(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "BATCH_BYTES", 3 * len(letter(poster).body))
    inbox.put_rows([letter(poster) for _ in range(10)])
    claim = claims.take("a:1")
    assert claim and len(claim.ids) == 3


def test_a_killer_row_is_found_by_halves_and_ends_in_quarantine(poster: Poster) -> None:
    """Each time a worker dies on a batch, half of it is left to others."""
    inbox.put_rows([letter(poster) for _ in range(8)])
    killer = InboxRow.objects.order_by("pk")[5].pk
    for _ in range(60):
        claim = claims.take("w:1")
        if claim is None:
            break
        if claim.hopeless or killer not in claim.ids:
            digest.digest_claim(claim)
        else:
            InboxClaim.objects.filter(pk=claim.id).update(lease_until=LONG_AGO)
    quarantined = Quarantined.objects.get()
    assert "died" in quarantined.reason
    assert EventRow.objects.filter(project_id=poster.project.pk).count() == 7
    assert not InboxRow.objects.exists() and not InboxClaim.objects.exists()
    assert books.differences() == []


def test_a_whole_batch_that_fails_is_rerun_by_halves(
    poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.put_rows([letter(poster) for _ in range(6)])
    bad = InboxRow.objects.order_by("pk")[2].event_id
    from tracker.actions.record import record as real

    def record(batch: Any, settle: Any) -> Any:
        if any(one.event_id == bad for one in batch):
            raise ZeroDivisionError("a row that can't be written")
        return real(batch, settle)

    monkeypatch.setattr(digest, "record", record)
    for _ in range(30):
        InboxClaim.objects.exclude(retry_at=None).update(retry_at=LONG_AGO)
        digest.run()
        if Quarantined.objects.exists():
            break
    assert "ZeroDivisionError" in Quarantined.objects.get().reason
    assert EventRow.objects.filter(project_id=poster.project.pk).count() == 5
    assert books.differences() == []


@pytest.mark.parametrize(
    "error",
    [psycopg.OperationalError("away"), psycopg.errors.DeadlockDetected("x"), IssueGone("x")],
)
def test_a_bad_moment_of_the_database_blames_nobody(
    poster: Poster, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    inbox.put_rows([letter(poster) for _ in range(4)])

    def fail(*_: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(digest, "record", fail)
        claim = claims.take("w:1")
        assert claim is not None
        digest.digest_claim(claim)
    waiting = InboxClaim.objects.get()
    assert len(waiting.ids) == 4 and waiting.errors == 0 and waiting.deaths == 0
    InboxClaim.objects.update(retry_at=LONG_AGO)
    assert digest.run() == 4
    assert books.differences() == []


def test_replay_counts_once(poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.put_rows([letter(poster)])
    claim = claims.take("w:1")
    assert claim is not None
    assert quarantine.put(claim, "for a test") == 1
    assert books.differences() == [] and not InboxRow.objects.exists()
    ids = list(Quarantined.objects.values_list("pk", flat=True))
    assert quarantine.replay(ids) == 1 and quarantine.replay(ids) == 0
    assert books.differences() == []
    assert digest.run() == 1
    assert EventRow.objects.filter(project_id=poster.project.pk).count() == 1
    assert books.differences() == []


def test_quarantine_is_emptied_after_its_time(poster: Poster) -> None:
    from datetime import timedelta

    from django.utils import timezone

    inbox.put_rows([letter(poster)])
    claim = claims.take("w:1")
    assert claim is not None
    quarantine.put(claim, "old")
    assert quarantine.expire(timezone.now() - timedelta(days=14)) == 0
    assert quarantine.expire(timezone.now() + timedelta(seconds=1)) == 1
    assert books.differences() == []


class TestCommitter:
    def test_many_threads_few_commits(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes: list[int] = []
        real = inbox.put_rows

        def count(letters: Any) -> None:
            sizes.append(len(letters))
            time.sleep(0.02)
            real(letters)

        monkeypatch.setattr(inbox, "put_rows", count)
        rung: list[int] = []
        committer = Committer(committed=rung.append)
        threads = [
            threading.Thread(target=committer.put, args=(letter(poster),)) for _ in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert InboxRow.objects.count() == sum(sizes) == 40
        assert len(sizes) < 20 and rung == sizes

    def test_a_commit_waits_for_company_where_there_was_some(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sizes: list[int] = []
        begun, going = threading.Event(), threading.Event()

        def count(letters: Any) -> None:
            sizes.append(len(letters))
            begun.set()
            going.wait(10)

        monkeypatch.setattr(inbox, "put_rows", count)
        monkeypatch.setattr(inbox, "LINGER", 30.0)
        committer = Committer()

        def senders(many: int) -> list[threading.Thread]:
            threads = [
                threading.Thread(target=committer.put, args=(letter(poster), 10.0))
                for _ in range(many)
            ]
            for thread in threads:
                thread.start()
            return threads

        threads = senders(1)
        assert begun.wait(10)  # who comes alone waits for nobody
        threads += senders(2)
        deadline = time.monotonic() + 10
        while committer._queue.qsize() < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        monkeypatch.setattr(inbox, "LINGER", 1.0)
        going.set()
        for thread in threads:
            thread.join()
        for thread in senders(2):
            thread.join()
        assert sizes == [1, 2, 2]

    def test_a_failed_commit_reaches_every_sender_and_the_thread_lives(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        committer = Committer()

        def fail(_letters: Any) -> None:
            raise DatabaseError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(inbox, "put_rows", fail)
            for _ in range(3):
                with pytest.raises(InboxAway):
                    committer.put(letter(poster))
        committer.put(letter(poster))
        assert InboxRow.objects.count() == 1

    def test_a_commit_that_hangs_is_given_up_before_it_began(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        committer, going = Committer(), threading.Event()
        real = inbox.put_rows

        def hang(letters: Any) -> None:
            going.wait(10)
            real(letters)

        monkeypatch.setattr(inbox, "put_rows", hang)
        first = threading.Thread(target=committer.put, args=(letter(poster),))
        first.start()
        time.sleep(0.1)
        with pytest.raises(InboxAway):
            committer.put(letter(poster), timeout=0.1)
        going.set()
        first.join()
        committer.put(letter(poster))
        assert InboxRow.objects.count() == 2  # what was refused is not there

    def test_a_connection_that_died_idle_is_replaced(self, poster: Poster) -> None:
        from django.db import connection

        committer = Committer()
        committer.put(letter(poster))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        done = 0
        for _ in range(3):
            try:
                committer.put(letter(poster))
                done += 1
            except InboxAway:
                continue
        assert done >= 2 and InboxRow.objects.count() == done + 1


class TestBell:
    def test_without_redis_the_sweep_finds_all(
        self, poster: Poster, settings: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        del redis_url
        sent: list[int] = []
        real = settings.REDIS_URL
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        started = time.monotonic()
        bell = wakeup.Bell()
        bell.ring()
        committer = Committer(committed=bell.ring)
        committer.put(letter(poster))
        assert time.monotonic() - started < 2
        with pytest.raises(Exception, match=r"(?i)connect"):
            wakeup.send()
        settings.REDIS_URL = real
        monkeypatch.setattr(wakeup, "send", lambda: len([sent.append(1)]) == 1)  # type: ignore[func-returns-value]
        assert tasks.sweep() is True and sent == [1]
        assert digest.run() == 1
        assert tasks.sweep() is False

    def test_one_wake_up_waits_at_a_time(self, poster: Poster, redis_url: str) -> None:
        del redis_url
        wakeup.heard()
        assert wakeup.send() is True and wakeup.send() is False
        wakeup.heard()
        assert wakeup.send() is True
        wakeup.heard()
