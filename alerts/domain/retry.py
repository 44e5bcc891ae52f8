"""When to try a delivery again, and when to give up: pure tables."""

from __future__ import annotations

from datetime import timedelta

RETRIES: tuple[float, ...] = (30, 120, 300, 900, 3_600, 14_400, 43_200)
"""Seconds after the 1st, 2nd ... failed attempt; after the last the delivery is dead."""
PAGE_RETRIES: tuple[float, ...] = (10, 30, 60, 120, 300, 900, 3_600, 14_400)
"""The same for pages, which are in a hurry."""
JITTER = 0.2
"""Receivers that come back are not met by everything at once."""
LONGEST_WAIT = 86_400.0
"""Seconds: no Retry-After is obeyed for longer."""
RETRYABLE = frozenset({408, 425, 429})
"""The only 4xx that time can heal."""

PAUSE_AFTER = 20
"""Failures in a row that pause a channel."""
PROBE_EVERY = timedelta(minutes=15)
"""A paused channel lets one delivery through this often."""


def delay(
    attempts: int, roll: float, retry_after: float | None = None, *, page: bool = False
) -> float | None:
    """Seconds to wait after the `attempts`-th attempt failed; None: give up.

    `roll` in [0, 1) spreads the wait by +-20 %. What the receiver asks for
    (`retry_after`, seconds) is a lower bound.
    """
    table = PAGE_RETRIES if page else RETRIES
    if attempts > len(table):
        return None
    wait = table[max(attempts, 1) - 1] * (1 - JITTER + 2 * JITTER * roll)
    return max(wait, min(retry_after or 0.0, LONGEST_WAIT))


def is_permanent(status: int) -> bool:
    """Whether an HTTP status will not change by trying again."""
    return 300 <= status < 500 and status not in RETRYABLE
