"""Counts of issues in one span, for every window and environment that rules ask for; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.domain.rules import SPAN

Row = tuple[int, int, int, Sequence[int]]
"""Issue, environment, events of the span, events of each window."""


def span_of(moment: datetime) -> datetime:
    """The start of the five minutes that hold a moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // SPAN * SPAN


def start_of(span: datetime, window: timedelta) -> datetime:
    """Where a window that ends with a span begins: it is made of whole spans."""
    return span + SPAN - max(window // SPAN, 1) * SPAN


class Measures:
    """Sums of one project's issues in one span."""

    def __init__(
        self, span: datetime, starts: Sequence[datetime], rows: Sequence[Row],
        levels: Mapping[int, int],
    ) -> None:  # fmt: skip
        self.span = span
        self.levels = levels
        self._place = {start: at for at, start in enumerate(starts)}
        self._rows = rows
        self._sums: dict[tuple[datetime, frozenset[int] | None], dict[int, int]] = {}
        self._touched: dict[frozenset[int] | None, set[int]] = {}

    def events(self, window: timedelta, environments: frozenset[int] | None) -> Mapping[int, int]:
        """Events per issue in a window, in these environments (None: all)."""
        key = (start_of(self.span, window), environments)
        if key not in self._sums:
            found: dict[int, int] = {}
            place = self._place[key[0]]
            for issue, environment, _span, counts in self._rows:
                if environments is None or environment in environments:
                    found[issue] = found.get(issue, 0) + counts[place]
            self._sums[key] = found
        return self._sums[key]

    def touched(self, environments: frozenset[int] | None) -> set[int]:
        """Issues with an event in the span itself, in these environments."""
        if environments not in self._touched:
            self._touched[environments] = {
                issue for issue, environment, events, _counts in self._rows
                if events and (environments is None or environment in environments)
            }  # fmt: skip
        return self._touched[environments]

    def at_least(
        self, threshold: int, window: timedelta, environments: frozenset[int] | None, min_level: int
    ) -> list[int]:
        """Issues of a level that reach a number of events and were touched, in order."""
        levels, touched = self.levels, self.touched(environments)
        found = [
            issue for issue, events in self.events(window, environments).items()
            if events >= threshold and levels[issue] >= min_level
        ]  # fmt: skip
        return sorted(issue for issue in found if issue in touched)


def denominator_hours(span: datetime, window: timedelta) -> tuple[datetime, datetime]:
    """The complete hours before a span that say how many people there are."""
    end = span.replace(minute=0)
    hours = max(-(-window // timedelta(hours=1)), 1)
    return end - timedelta(hours=hours), end


def percent(hit: int, people: int) -> float | None:
    """Share of people that were hit; None when nobody was there to compare with."""
    return round(min(100.0 * hit / people, 100.0), 1) if people else None


def pick(rows: Iterable[tuple[int, bytes]], environments: frozenset[int] | None) -> list[bytes]:
    """Sketches of these environments."""
    return [
        bytes(users) for environment, users in rows
        if environments is None or environment in environments
    ]  # fmt: skip
