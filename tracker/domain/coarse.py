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


def step(count: int) -> int:
    """How many of the steps a count has reached; never less for a larger count."""
    return bisect_right(STEPS, count)
