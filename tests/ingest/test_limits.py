"""Rate, quota and backlog: one process, two of them, and a database that is away."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError

from ingest import inbox, limits, usage, waiting
from ingest.auth import KEYS, Sender
from ingest.errors import MustWait, TooMuch
from ingest.inbox import Letter
from ingest.limits import BURST, RATE_PER_MINUTE, Bucket, Limits
from ingest.models import DailyUsage
from ingest.waiting import Backlog
from tests.ingest.conftest import Poster
from tracker.models import Activity, Ledger
from tracker.sql import run


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(clock: Clock) -> Limits:
    one = Limits(clock)
    one._start = lambda: None  # type: ignore[method-assign]
    return one


def sender(poster: Poster, **more: Any) -> Sender:
    about = {"unlimited": False, "rate_per_minute": None, "monthly_quota": None, **more}
    return Sender(poster.key.pk, poster.project.pk, poster.key.public_key, **about)


def taken(one: Limits, who: Sender, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            one.check(who)
            count += 1
        except TooMuch:
            pass
    return count


class TestRate:
    def test_bucket_fills_with_time_and_is_never_more_than_full(self) -> None:
        bucket = Bucket(60, 0.0)
        assert sum(bucket.take(0.0) == 0 for _ in range(200)) == 60 * BURST
        assert bucket.take(0.5) == 1 and bucket.take(1.0) == 0 and bucket.take(1.0) >= 1
        bucket.refill(10_000.0)
        assert bucket.tokens == 60 * BURST

    def test_a_project_gets_its_burst_then_its_rate(self, poster: Poster, clock: Clock) -> None:
        one, who = made(clock), sender(poster)
        assert taken(one, who, RATE_PER_MINUTE * BURST + 50) == RATE_PER_MINUTE * BURST
        clock.now += 6
        assert taken(one, who, RATE_PER_MINUTE) == RATE_PER_MINUTE // 10
        with pytest.raises(TooMuch) as refused:
            one.check(who)
        assert (refused.value.reason, refused.value.scope) == ("rate", "project")
        assert 1 <= (refused.value.retry_after or 0) <= 60

    def test_unlimited_is_unlimited(self, poster: Poster, clock: Clock) -> None:
        assert taken(made(clock), sender(poster, unlimited=True), 20_000) == 20_000

    def test_two_keys_of_different_rates_keep_their_own(self, poster: Poster, clock: Clock) -> None:
        """One bucket for both would be made anew, and full, at each turn."""
        one = made(clock)
        slow = sender(poster, rate_per_minute=5)
        fast = Sender(poster.key.pk + 10**6, poster.project.pk, "x", False, 7)
        got = [0, 0]
        for _ in range(50):
            got[0] += taken(one, slow, 1)
            got[1] += taken(one, fast, 1)
        assert got == [5 * BURST, 7 * BURST]
        with pytest.raises(TooMuch) as refused:
            one.check(slow)
        assert refused.value.scope == "key"

    def test_two_processes_keep_the_rate_together(self, poster: Poster, clock: Clock) -> None:
        rate = 600
        who = sender(poster, rate_per_minute=rate)
        both = [made(clock), made(clock)]
        total = 0
        for _ in range(60):
            for one in both:
                total += taken(one, who, rate)  # far more than allowed
                one.sync()
            for one in both:
                one.sync()
            clock.now += 1
        allowed = rate * BURST + rate
        assert total <= allowed * 1.1 + rate * BURST  # the first second's two full bursts
        steady = 0
        for _ in range(30):
            for one in both:
                steady += taken(one, who, rate)
            for one in both * 2:
                one.sync()
            clock.now += 1
        assert steady <= rate * 0.5 * 1.1

    def test_allowance_tells_what_is_left(self, poster: Poster, clock: Clock) -> None:
        one, who = made(clock), sender(poster, rate_per_minute=60)
        taken(one, who, 30)
        left = one.allowance(who)
        assert (left.limit, left.remaining, left.reset) == (60, 60 * BURST - 30, 30)


class TestQuota:
    @pytest.fixture
    def today(self, monkeypatch: pytest.MonkeyPatch) -> list[date]:
        return [date(2026, 3, 30)]

    def one(self, clock: Clock, today: list[date]) -> Limits:
        made_one = made(clock)
        made_one.usage = usage.Usage(lambda: today[0])
        return made_one

    def test_it_ends_with_the_month(self, poster: Poster, clock: Clock, today: list[date]) -> None:
        one, who = self.one(clock, today), sender(poster, monthly_quota=3)
        for _ in range(3):
            one.check(who)
            one.spend(who, 1)
        with pytest.raises(TooMuch) as refused:
            one.check(who)
        assert (refused.value.reason, refused.value.scope) == ("quota", "key")
        one.sync()
        assert DailyUsage.objects.get(key_id=poster.key.pk).events == 3
        with pytest.raises(TooMuch):
            self.one(clock, today).check(who)  # a process that has just started
        today[0] = date(2026, 4, 1)
        one.check(who)

    def test_processes_learn_of_each_other(
        self, poster: Poster, clock: Clock, today: list[date]
    ) -> None:
        who = sender(poster, monthly_quota=10)
        a, b = self.one(clock, today), self.one(clock, today)
        a.check(who)
        b.check(who)
        a.spend(who, 6)
        b.spend(who, 5)
        for one in (a, b, a):
            one.sync()
        for one in (a, b):
            with pytest.raises(TooMuch):
                one.check(who)

    def test_the_event_loop_asks_no_database(
        self, poster: Poster, clock: Clock, today: list[date]
    ) -> None:
        one, who = self.one(clock, today), sender(poster, monthly_quota=10)
        with pytest.raises(MustWait):
            one.check(who, wait=False)
        one.check(who)
        one.check(who, wait=False)

    def test_notices_are_written_once(
        self, poster: Poster, clock: Clock, today: list[date]
    ) -> None:
        who = sender(poster, monthly_quota=10)
        a, b = self.one(clock, today), self.one(clock, today)
        a.check(who)
        b.check(who)
        kinds = Activity.objects.filter(project=poster.project, issue=None)
        a.spend(who, 7)
        a.sync()
        b.sync()
        assert not kinds.exists()
        a.spend(who, 1)
        a.sync()
        b.sync()
        a.sync()
        assert [row.kind for row in kinds] == [usage.QUOTA_80]
        a.spend(who, 5)
        a.sync()
        b.sync()
        assert [row.kind for row in kinds.order_by("pk")] == [usage.QUOTA_80, usage.QUOTA_100]
        noted = kinds.order_by("pk").last()
        assert noted is not None and noted.data["used"] == 13 and noted.data["quota"] == 10

    def test_the_end_of_a_shortage_is_told_once_and_the_next_one_again(
        self, poster: Poster, clock: Clock, today: list[date]
    ) -> None:
        poster.key.monthly_quota = 10
        poster.key.save()
        who = sender(poster, monthly_quota=10)
        one = self.one(clock, today)
        usage.all_clear(datetime(2027, 1, 1, tzinfo=UTC))  # whatever other tests left
        Activity.objects.all().delete()
        now = datetime(2026, 3, 30, 12, tzinfo=UTC)
        kinds = Activity.objects.filter(project=poster.project, issue=None).order_by("pk")
        one.check(who)
        one.spend(who, 10)
        one.sync()
        assert usage.all_clear(now) == 0
        poster.key.monthly_quota = 12  # more than it used, and still little
        poster.key.save()
        assert usage.all_clear(now) == 1
        assert usage.all_clear(now) == 0
        poster.key.monthly_quota = None
        poster.key.save()
        assert usage.all_clear(now) == 1
        told = [(row.kind, row.data["percent"]) for row in kinds]
        assert told == [
            (usage.QUOTA_80, 80), (usage.QUOTA_100, 100), (usage.QUOTA_OK, 100),
            (usage.QUOTA_OK, 80),
        ]  # fmt: skip
        one.check(sender(poster, monthly_quota=100))
        one.sync()
        one.spend(who, 75)
        one.sync()
        assert [row.kind for row in kinds.all()][4:] == [usage.QUOTA_80]
        later = now + timedelta(days=31)
        poster.key.monthly_quota = 10
        poster.key.save()
        assert usage.all_clear(later) == 1
        last = kinds.last()
        assert last is not None and "new month" in last.data["why"]

    def test_through_the_endpoint(self, poster: Poster) -> None:
        poster.key.monthly_quota = 2
        poster.key.save()
        KEYS.forget()
        event = {"message": "x"}
        assert [poster.post("store/", event).status_code for _ in range(4)] == [200, 200, 429, 429]
        assert poster.rows().count() == 2
        from ingest import limits

        limits.LIMITS.sync()
        refused = Ledger.objects.get(project_id=poster.project.pk, kind="refused")
        assert (refused.reason, refused.count) == ("quota", 2)


class TestBacklog:
    @pytest.mark.parametrize(
        ("backlog", "word"),
        [
            (Backlog(limits.MOST_ROWS + 1, 0, 0.0), "wait"),
            (Backlog(1, limits.MOST_BYTES + 1, 0.0), "MiB"),
            (Backlog(1, 1, limits.MOST_AGE + 1), "oldest"),
        ],
    )
    def test_each_measure_says_why(self, backlog: Backlog, word: str) -> None:
        assert word in limits.why_full(backlog)
        assert limits.why_full(Backlog(10, 10, 1.0)) == ""

    def test_a_full_disk(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        class Disk:
            free, total = 10, 10**12

        monkeypatch.setattr("ingest.limits.shutil.disk_usage", lambda _path: Disk)
        assert "disk" in limits.why_disk_is_full()

    def test_the_heaviest_wait_first(self) -> None:
        assert limits.heaviest({1: 40_000, 2: 300, 3: 500}) == {1}
        assert limits.heaviest({1: 40_000}) == limits.heaviest({}) == frozenset()
        assert limits.nearly_full(Backlog(41_000, 0, 0.0))
        assert not limits.nearly_full(Backlog(39_000, 0, 0.0))

    def test_one_project_is_put_off_and_others_are_not(
        self, poster: Poster, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ingest.models import InboxRow
        from tests.factories.projects import make_project

        InboxRow.objects.all().delete()
        other = Poster(make_project("Other"))
        monkeypatch.setattr(limits, "MOST_ROWS", 10)
        put_some(poster, 9)
        put_some(other, 1)
        one = made(clock)
        one.sync()
        with pytest.raises(TooMuch) as refused:
            one.check(sender(poster))
        assert (refused.value.reason, refused.value.scope) == ("backlog", "project")
        one.check(sender(other))
        put_some(other, 3)
        one.sync()
        with pytest.raises(TooMuch) as refused:
            one.check(sender(other))
        assert refused.value.scope == "organization"
        assert refused.value.retry_after and 10 <= refused.value.retry_after <= 300
        InboxRow.objects.all().delete()
        one.sync()
        one.check(sender(poster))

    def test_a_slow_look_rests_before_the_next(
        self, poster: Poster, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[float] = []

        def look() -> Backlog:
            looks.append(clock.now)
            clock.now += took
            return Backlog(0, 0, 0.0)

        monkeypatch.setattr(waiting, "backlog", look)
        one, took = made(clock), 0.125
        for _ in range(8):
            one.sync()
            clock.now += limits.SYNC
        gaps = [later - earlier for earlier, later in pairwise(looks)]
        assert min(gaps) >= took * (1 + limits.REST) and max(gaps) <= 4
        looks.clear()
        took = 3.0
        for _ in range(20):
            one.sync()
            clock.now += limits.SYNC
        assert max(later - earlier for earlier, later in pairwise(looks)) <= limits.MOST_REST + 4


class TestBooks:
    def test_refusals_survive_a_database_that_is_away(
        self, poster: Poster, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = made(clock)
        one.count(poster.project.pk, "refused", "rate", 3)

        def fail(_rows: Any) -> None:
            raise DatabaseError("gone")

        with monkeypatch.context() as patch:
            patch.setattr("ingest.limits.store.add_to_ledger", fail)
            with pytest.raises(DatabaseError):
                one.flush()
        one.count(poster.project.pk, "refused", "rate")
        one.flush()
        one.flush()
        assert Ledger.objects.get(project_id=poster.project.pk, kind="refused").count == 4

    def test_a_connection_that_was_cut_is_replaced(self, poster: Poster, clock: Clock) -> None:
        """The thread has its connection for life, and outlives PostgreSQL."""
        one = made(clock)
        one.work_once()
        with pytest.raises(psycopg.OperationalError):
            run("SELECT pg_terminate_backend(pg_backend_pid())")
        one.count(poster.project.pk, "refused", "rate")
        one.work_once()
        one.work_once()
        assert Ledger.objects.get(project_id=poster.project.pk, kind="refused").count == 1


def put_some(poster: Poster, number: int) -> None:
    inbox.put_rows(
        [
            Letter(
                poster.project.pk,
                poster.key.pk,
                "store",
                "",
                uuid.uuid4(),
                1,
                b"{}",
                b'{"message":"x"}',
            )
            for _ in range(number)
        ]
    )


def test_the_thread_of_limits_syncs_by_itself(poster: Poster) -> None:
    one = Limits()
    one.count(poster.project.pk, "refused", "own_thread")
    deadline = time.monotonic() + 10
    rows = Ledger.objects.filter(project_id=poster.project.pk, reason="own_thread")
    while not rows.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert rows.get().day == datetime.now(UTC).date()
    one.stop()
    assert one._thread is not None
    one._thread.join(5)
