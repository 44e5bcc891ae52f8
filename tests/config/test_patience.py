"""A request whose database neither answers nor refuses is cut off; others are left alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections

from config.patience import Watch
from tests.journeys.window import eventually


class Clock:
    """A time of the test's own."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class Still(Watch):
    """Looks only when the test says so."""

    def _work(self) -> None:
        pass


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Still(clock)


def asks_for_ever(watch: Watch, began: threading.Event) -> None:
    """A request whose only query takes a minute."""
    try:
        with watch.over(lambda: 2.0), connection.cursor() as cursor:
            began.set()
            cursor.execute("SELECT pg_sleep(60)")
    finally:
        connections.close_all()


def nobody_sleeps() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE state = 'active'
               AND query LIKE 'SELECT pg_sleep%' AND datname = current_database())"""
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_is_cut_off(watch: Watch, clock: Clock):
    began = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(asks_for_ever, watch, began)
        assert began.wait(10)
        cut = 0
        for _ in range(1000):  # until it is seen in its query, and then some
            cut = watch.look()
            if cut:
                break
            clock.at += 1
            threading.Event().wait(0.01)
        assert cut == 1
        with pytest.raises(OperationalError):
            request.result(10)
    assert watch.look() == 0
    # The server ends it too: what still ran would hold on to dead rows.
    eventually(nobody_sleeps, 15)


@pytest.mark.django_db
def test_who_does_not_ask_the_database_may_take_its_time(watch: Watch, clock: Clock):
    with watch.over(lambda: 2.0):
        for _ in range(5):
            connection.cursor().execute("SELECT 1")
            clock.at += 60
            assert watch.look() == 0
        connection.cursor().execute("SELECT 1")


def test_who_has_no_connection_is_left_alone(watch: Watch, clock: Clock):
    def request() -> int:
        with watch.over(lambda: 2.0):
            watch.look()
            clock.at += 60
            return watch.look()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(request).result(10) == 0
