"""Counts over time: buckets without gaps, and whether an issue gets worse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

RISING_FROM = 1.8
"""Times the usual day from which a trend is called rising."""
FALLING_BELOW = 0.55
"""Times the usual day below which a trend is called falling."""


class Direction(StrEnum):
    """Whether it gets worse, in a word."""

    NEW = "too new"
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Trend:
    """The last 24 hours against the days before."""

    direction: Direction
    last_day: int
    """Events of the last 24 hours."""
    usual: float
    """Mean events a day of the up to 7 days before; 0.0 when there were none."""

    @property
    def factor(self) -> float:
        """How many usual days the last one makes; one event is added to both, against noise."""
        return (self.last_day + 1) / (self.usual + 1)

    @property
    def sentence(self) -> str:
        """What a person should know, in a few words."""
        if self.direction is Direction.NEW:
            return f"{self.last_day:,} in 24 h, no full day before it"
        if self.direction is Direction.QUIET:
            return "nothing in the last 24 hours"
        return f"{self.last_day:,} in 24 h, usually {_short(self.usual)} a day"


@dataclass(frozen=True, slots=True)
class Series:
    """Counts per bucket, oldest first; the last bucket is the one that holds `now`."""

    start: datetime
    width: timedelta
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All events of the series."""
        return sum(self.counts)

    @property
    def peak(self) -> int:
        """The fullest bucket."""
        return max(self.counts, default=0)

    def starts(self) -> Iterable[tuple[datetime, int]]:
        """Each bucket's start with its count."""
        return ((self.start + self.width * n, count) for n, count in enumerate(self.counts))


def floor_to(moment: datetime, width: timedelta) -> datetime:
    """The start of the bucket that holds `moment`; buckets are counted from midnight UTC."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // width * width


def series(counts: Mapping[datetime, int], now: datetime, width: timedelta, length: int) -> Series:
    """`length` buckets up to the one that holds `now`; finer buckets are added up."""
    last = floor_to(now, width)
    start = last - width * (length - 1)
    slots = [0] * length
    for bucket, count in counts.items():
        place = (bucket - start) // width
        if 0 <= place < length:
            slots[place] += count
    return Series(start, width, tuple(slots))


def trend(hours: Mapping[datetime, int], first_seen: datetime, now: datetime) -> Trend:
    """Compare the last 24 hours with the mean of up to 7 days before them.

    `hours` holds events per hour. Less than a full day before them is nothing to compare with.
    """
    day_ago = floor_to(now, HOUR) - 23 * HOUR
    week_before = day_ago - 7 * DAY
    recent = sum(count for hour, count in hours.items() if hour >= day_ago)
    before = sum(count for hour, count in hours.items() if week_before <= hour < day_ago)
    days = min(7.0, max((day_ago - first_seen) / DAY, 0.0))
    usual = before / max(days, 1.0)
    found = Trend(Direction.STEADY, recent, usual)
    return Trend(_direction(found, days), recent, usual)


def _direction(found: Trend, days: float) -> Direction:
    if not found.last_day:
        return Direction.QUIET
    if days < 1:
        return Direction.NEW
    if found.factor >= RISING_FROM:
        return Direction.RISING
    return Direction.FALLING if found.factor < FALLING_BELOW else Direction.STEADY


def _short(number: float) -> str:
    if number >= 10 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}"
