"""Whether an issue gets suddenly worse than it usually is, and when it has calmed down; pure.

The last 60 minutes are compared with the issue's own hours of the last 7 days, zeros
included. Median and MAD (median absolute deviation), so that one bad night does not
make the next one look normal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from msgspec import Struct

HOUR = timedelta(hours=1)
BASE = timedelta(days=7)
YOUNG = timedelta(hours=24)
"""Younger issues have no baseline yet."""
FLOOR = 10
"""Fewer events in an hour are never an escalation."""
CHANCE = 2.0
"""Roots of counts that come by chance spread by 1/2 whatever their mean: four of these."""
SIGMA = 1.48
"""Turns the MAD of a normal distribution into its standard deviation."""


class Baseline(Struct, frozen=True):
    """What is usual for an issue: of events an hour."""

    median: float
    mad: float
    hours: int

    @property
    def escalates_at(self) -> float:
        """Events in 60 minutes from which it escalates."""
        chance = (math.sqrt(self.median) + CHANCE) ** 2
        return max(FLOOR, 3 * self.median, self.median + 5 * SIGMA * self.mad, chance)

    @property
    def calm_below(self) -> float:
        """Events in 60 minutes below which it has calmed down."""
        return max(FLOOR, 1.5 * self.median)


def hours_of(first_seen: datetime, now: datetime) -> int:
    """How many complete hours before the last 60 minutes an issue has, at most those of 7 days.

    0 when it is too young to compare.
    """
    if now - first_seen < YOUNG:
        return 0
    return min(int(BASE / HOUR) - 1, int((now - HOUR - first_seen) / HOUR))


def baseline(counts: Sequence[int], hours: int) -> Baseline:
    """From the counts of the hours that had events, among `hours` hours."""
    full = sorted(counts) + [0] * max(hours - len(counts), 0)
    middle = float(median(full)) if full else 0.0
    spread = float(median(abs(count - middle) for count in full)) if full else 0.0
    return Baseline(middle, spread, hours)


def escalates(last_hour: int, usual: Baseline) -> str:
    """Why an issue escalates, in a sentence; "" when it does not."""
    if not usual.hours or last_hour < usual.escalates_at:
        return ""
    return (
        f"{last_hour:,} events in 60 minutes; usually {usual.median:g} an hour, "
        f"escalating from {usual.escalates_at:g} on"
    )


def is_calm(last_hour: int, hour_before: int, usual: Baseline) -> bool:
    """Whether two windows in a row were below what is called calm."""
    return max(last_hour, hour_before) < usual.calm_below
