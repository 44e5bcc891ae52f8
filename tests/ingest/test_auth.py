"""A key's row is asked for by one, however many want it."""

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError

from ingest.auth import FRESH, RIPE, KeyTable, Sender
from ingest.away import AWAY
from ingest.errors import InboxAway, MustWait

KEY = "a" * 32
SENDER = Sender(1, 1, KEY, False, None)


class Rows:
    """Stands for the table of keys: slow when told to be, and counts who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self.sender: Sender | None = SENDER
        self.error: Exception | None = None
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def load(self, text: str) -> Sender | None:
        self.asked += 1
        self.begun.set()
        assert self.go_on.wait(5)
        if self.error is not None:
            raise self.error
        return self.sender


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(rows: Rows, clock: Clock) -> KeyTable:
    return KeyTable(rows.load, clock=clock)


def together(askers: int, rows: Rows, ask: Callable[[], Sender | None]) -> list[object]:
    """What so many threads are told, of which the first is held up in the database."""
    rows.go_on.clear()
    rows.begun.clear()
    told: list[object] = []

    def one() -> None:
        try:
            told.append(ask())
        except InboxAway as error:
            told.append(error)

    threads = [threading.Thread(target=one) for _ in range(askers)]
    threads[0].start()
    assert rows.begun.wait(5)
    for thread in threads[1:]:
        thread.start()
    rows.go_on.set()
    for thread in threads:
        thread.join(5)
    return told


def test_one_asks_for_all_who_wait(keys, rows):
    assert together(20, rows, lambda: keys.find(KEY)) == [SENDER] * 20
    assert rows.asked == 1


def test_a_failure_is_told_to_all_who_wait(keys, rows, monkeypatch):
    monkeypatch.setattr(AWAY, "_watch", lambda: None)
    rows.error = OperationalError()
    told = together(20, rows, lambda: keys.find(KEY))
    AWAY.back()
    assert len(told) == 20 and all(isinstance(answer, InboxAway) for answer in told)
    assert rows.asked == 1


def test_who_waits_for_an_error_of_ours_asks_himself(keys, rows):
    rows.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        keys.find(KEY)
    rows.error = None
    assert keys.find(KEY) == SENDER


class TestRenewal:
    @pytest.fixture(autouse=True)
    def known(self, keys, clock):
        keys.find(KEY)
        clock.now += RIPE

    def test_a_key_in_use_is_renewed_while_all_go_on(self, keys, rows, clock):
        assert [keys.find(KEY, wait=False) for _ in range(20)] == [SENDER] * 20
        keys.renew()
        assert rows.asked == 2
        clock.now += FRESH - 0.1
        assert keys.find(KEY, wait=False) == SENDER

    def test_one_that_is_switched_off_is_noticed(self, keys, rows):
        keys.find(KEY)
        rows.sender = None
        keys.renew()
        assert keys.find(KEY, wait=False) is None

    def test_nobody_asks_for_a_key_that_nobody_uses(self, keys, rows):
        keys.renew()
        keys.find(KEY)
        keys.renew()
        keys.renew()
        assert rows.asked == 2

    def test_invented_keys_are_not_renewed(self, keys, rows, clock):
        rows.sender = None
        assert keys.find("f" * 32) is None
        clock.now += RIPE
        assert keys.find("f" * 32) is None
        keys.renew()
        assert rows.asked == 2

    def test_it_is_not_believed_for_longer_when_nobody_renews_it(self, keys, rows, clock):
        keys.find(KEY)
        clock.now += FRESH - RIPE
        with pytest.raises(MustWait):
            keys.find(KEY, wait=False)
        rows.sender = None
        assert keys.find(KEY) is None

    def test_the_database_is_left_alone_while_it_is_away(self, keys, rows, monkeypatch):
        monkeypatch.setattr(AWAY, "_now", True)
        assert keys.find(KEY, wait=False) == keys.find(KEY) == SENDER
        assert rows.asked == 1
