"""The bell: a hint through Redis that is tried again after a failure."""

import time
from typing import Any

import pytest
import redis

from ingest import wakeup


def messages(url: str, prefix: str) -> int:
    return int(redis.Redis.from_url(url).llen(f"{prefix}digest"))


@pytest.fixture
def empty(redis_url: str, settings: Any) -> str:
    """The run's Redis without wake-ups of this worker's."""
    client = redis.Redis.from_url(redis_url)
    for key in client.scan_iter(f"{settings.REDIS_PREFIX}digest*"):
        client.delete(key)
    return redis_url


def test_a_bell_that_failed_rings_again(
    empty: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "BREAK", 0.05)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # nobody listens there
    bell = wakeup.Bell()
    bell.ring()
    time.sleep(0.2)
    assert messages(empty, settings.REDIS_PREFIX) == 0
    settings.REDIS_URL = empty
    deadline = time.monotonic() + 10
    while not messages(empty, settings.REDIS_PREFIX) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert messages(empty, settings.REDIS_PREFIX) == 1


def test_one_wake_up_waits_at_a_time(empty: str, settings: Any) -> None:
    assert wakeup.send() is True
    assert wakeup.send() is False
    assert messages(empty, settings.REDIS_PREFIX) == 1
    wakeup.heard()
    assert wakeup.send() is True


def test_a_handful_at_once_is_no_load() -> None:
    rate = wakeup.Rate(0.0)
    for at in range(100):  # fifty a second, two by two
        rate.add(2, at / 25)
        assert wakeup.pace(rate.at(at / 25)) == wakeup.PACE


def test_bells_are_paced_under_load_and_no_longer_after_it() -> None:
    rate = wakeup.Rate(0.0)
    for at in range(1_000):
        rate.add(3, at / 1_000)
    assert 2_900 < rate.at(1.0) < 3_100
    assert wakeup.pace(rate.at(1.0)) == pytest.approx(wakeup.GOOD_BATCH / 3_000, rel=0.05)
    assert wakeup.pace(500.0) == wakeup.LONGEST_PACE
    assert wakeup.pace(rate.at(2.0)) == wakeup.PACE
