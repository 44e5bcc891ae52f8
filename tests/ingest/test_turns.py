"""More workers than cores: who works at a time, who waits, and what becomes of a dead one's place."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import pytest

from ingest.turns import Places

FORKS = multiprocessing.get_context("fork")


class Holder:
    """A forked process that takes a place and keeps it until it is told."""

    def __init__(self, places: Places, seconds: float) -> None:
        self.pipe, theirs = FORKS.Pipe()
        self.process = FORKS.Process(target=self._work, args=(places, seconds, theirs))
        self.process.start()

    @staticmethod
    def _work(places: Places, seconds: float, pipe: Connection) -> None:
        with places.taken(time.monotonic() + seconds) as ours:
            pipe.send(ours)
            pipe.recv()

    def has_one(self) -> bool:
        """Whether it got a place, once that is known."""
        assert self.pipe.poll(10), "it neither got a place nor gave up"
        return bool(self.pipe.recv())

    def end(self) -> None:
        """Let it go on and out."""
        self.pipe.send(None)
        self.process.join(10)


@pytest.fixture
def hold() -> Iterator[Callable[[Places, float], Holder]]:
    holders: list[Holder] = []

    def made(places: Places, seconds: float = 10) -> Holder:
        holders.append(Holder(places, seconds))
        return holders[-1]

    yield made
    for holder in holders:
        holder.process.kill()
        holder.process.join(10)


def test_one_more_than_there_are_places_gives_up_in_time(hold):
    places = Places(2)
    assert hold(places).has_one()
    assert hold(places).has_one()
    assert not hold(places, 0.05).has_one()


def test_one_that_waits_gets_the_place_that_is_left(hold):
    places = Places(1)
    first = hold(places)
    assert first.has_one()
    second = hold(places)
    assert not second.pipe.poll(0.1)
    first.end()
    assert second.has_one()


def test_the_place_of_who_was_killed_is_free(hold):
    places = Places(1)
    first = hold(places)
    assert first.has_one()
    os.kill(first.process.pid, signal.SIGKILL)
    assert hold(places).has_one()


def test_an_error_within_gives_the_place_back(hold):
    places = Places(1)
    with pytest.raises(ZeroDivisionError), places.taken(time.monotonic()):
        raise ZeroDivisionError
    assert hold(places).has_one()


def test_without_a_limit_all_work(hold):
    places = Places(0)
    assert all(hold(places).has_one() for _ in range(4))
