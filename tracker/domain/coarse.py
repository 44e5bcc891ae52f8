"""Figures that change with each event, coarsely: what an index may hold without being rewritten.

PostgreSQL spares an UPDATE all indexes of a table when no indexed column changes its value
(HOT). An issue's counts and time change with each batch; their coarse twins rarely.
"""

from bisect import bisect_right
from datetime import timedelta

MINUTE = timedelta(minutes=1)
"""How far apart the moments of `seen_minute` are."""

STEPS = (1, *(step for power in range(1, 31) for step in (2**power, 3 * 2 ** (power - 1))))
"""Where a count reaches its next step: twice in each doubling."""
SINGLE = 3
"""Up to here each count is a step by itself: what is on it is in the order of ids."""
ROOM = 56
"""Bits of a place below its step, for an id."""
LAST = (1 << ROOM) - 1


def step(count: int) -> int:
    """How many of the steps a count has reached; never less for a larger count."""
    return bisect_right(STEPS, count)


def place(count: int, number: int) -> int:
    """Where an issue of that id stands in the order of a count: its step, and on one that is a
    single count (most issues have one event, or no user) its id.
    """
    return (step(count) << ROOM) + (_clamped(number) if 0 <= count <= SINGLE else 0)


def last_place(count: int, number: int = LAST) -> int:
    """The greatest place of issues with so many or fewer; with just so many, up to that id."""
    return (step(count) << ROOM) + (_clamped(number) if 0 <= count <= SINGLE else LAST)


def _clamped(number: int) -> int:
    return min(max(number, 0), LAST)
