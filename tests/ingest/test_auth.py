"""A key's row is asked for by one, however many want it."""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence

import pytest
from django.db import OperationalError

from ingest import auth
from ingest.auth import FRESH, RIPE, KeyTable, Sender
from ingest.away import AWAY
from ingest.errors import InboxAway, MustWait
from tests.factories.projects import make_project
from tracker.models import ProjectKey

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

    def load(self, texts: Sequence[str]) -> dict[str, Sender]:
        self.asked += 1
        self.begun.set()
        assert self.go_on.wait(5)
        if self.error is not None:
            raise self.error
        return {} if self.sender is None else dict.fromkeys(texts, self.sender)


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
    time.sleep(0.2)  # until all wait
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


def test_who_waits_for_one_whose_connection_hangs_asks_himself(rows, clock, monkeypatch):
    """A firewall forgot the first one's connection: nothing tells him for minutes."""
    monkeypatch.setattr(auth, "PATIENCE", 0.05)
    hung = threading.Event()
    first, told = threading.Event(), []

    def load(texts: Sequence[str]) -> dict[str, Sender]:
        if not first.is_set():
            first.set()
            assert hung.wait(5)
        return rows.load(texts)

    keys = KeyTable(load, clock=clock)
    threads = [threading.Thread(target=lambda: told.append(keys.find(KEY))) for _ in range(8)]
    threads[0].start()
    assert first.wait(5)
    for thread in threads[1:]:
        thread.start()
    for thread in threads[1:]:
        thread.join(5)
    assert told == [SENDER] * 7
    assert rows.asked == 1
    hung.set()
    threads[0].join(5)
    assert told == [SENDER] * 8
    clock.now += FRESH
    assert keys.find(KEY) == SENDER


def test_an_answer_that_took_long_is_good_enough_for_those_who_waited(rows, clock):
    def late(texts: Sequence[str]) -> dict[str, Sender]:
        clock.now += FRESH
        return rows.load(texts)

    keys = KeyTable(late, clock=clock)
    assert together(20, rows, lambda: keys.find(KEY)) == [SENDER] * 20
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

    def test_all_in_use_are_asked_for_by_one_statement(self, keys, rows, clock):
        others = [f"{number:032x}" for number in range(50)]
        for text in others:
            keys.find(text)
        clock.now += RIPE
        assert all(keys.find(text) for text in [KEY, *others])
        before = rows.asked
        keys.renew()
        assert rows.asked == before + 1
        clock.now += FRESH - RIPE
        assert all(keys.find(text, wait=False) for text in others)

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


def test_one_whose_connection_was_cut_at_last_is_told_what_the_others_know(clock, monkeypatch):
    monkeypatch.setattr(auth, "PATIENCE", 0.05)
    first, hung, told = threading.Event(), threading.Event(), []

    def load(texts: Sequence[str]) -> dict[str, Sender]:
        if not first.is_set():
            first.set()
            assert hung.wait(5)
            raise OperationalError
        return dict.fromkeys(texts, SENDER)

    keys = KeyTable(load, clock=clock)
    thread = threading.Thread(target=lambda: told.append(keys.find(KEY)))
    thread.start()
    assert first.wait(5)
    assert keys.find(KEY) == SENDER
    hung.set()
    thread.join(5)
    assert told == [SENDER]
    assert not AWAY.now


def test_an_older_answer_replaces_no_newer_one(clock):
    """One asked before a key was made and was told late; another asked after that."""

    def load(texts: Sequence[str]) -> dict[str, Sender]:
        if clock.now > 100:
            return dict.fromkeys(texts, SENDER)
        clock.now += 1
        assert table.find("b" * 32) == SENDER
        table._learn(texts)
        return {}

    table = KeyTable(load, clock=clock)
    table.find(KEY)
    assert table.find(KEY, wait=False) == SENDER


@pytest.mark.django_db
def test_many_tokens_are_told_apart_by_one_statement(django_assert_num_queries):
    keys = [make_project(f"shop-{number}").keys.get() for number in range(3)]
    read = "b" * 32
    ProjectKey.objects.filter(pk=keys[2].pk).update(
        rollbar_read_hash=hashlib.sha256(read.encode()).digest()
    )
    wanted = [
        keys[0].rollbar_post_server, keys[1].rollbar_post_client, keys[1].rollbar_post_server, read,
        "c" * 32, "no token",
    ]  # fmt: skip
    with django_assert_num_queries(1):
        found = auth._load_tokens(wanted)
    assert {text: (sender.key_id, sender.scope) for text, sender in found.items()} == {
        wanted[0]: (keys[0].pk, "post_server"), wanted[1]: (keys[1].pk, "post_client"),
        wanted[2]: (keys[1].pk, "post_server"), read: (keys[2].pk, "read"),
    }  # fmt: skip
    with django_assert_num_queries(1):
        assert set(auth._load_keys([key.public_key for key in keys])) == {
            key.public_key for key in keys
        }
    with django_assert_num_queries(0):
        assert auth._load_keys(["no key"]) == auth._load_tokens(["no token"]) == {}
