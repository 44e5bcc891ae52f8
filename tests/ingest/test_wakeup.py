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
