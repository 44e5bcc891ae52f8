"""Whether a release may go on: go, stop or wait, and why.

A release is held against the one before it at equal age: as much time after its own arrival.
What has no denominator (no sessions, no predecessor, too few events) is said and not guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tracker.domain.sessions import crash_free
from tracker.domain.versions import Known, compare, newest

MOST_AGE = timedelta(hours=24)
"""Releases are compared over their first day."""
FIRST = timedelta(hours=1)
"""What the verdict soon after a deploy looks at."""
TOO_EARLY = timedelta(minutes=5)


class Word(StrEnum):
    """The verdict."""

    GO = "go"
    STOP = "stop"
    WAIT = "wait"


class Side(Struct, frozen=True):
    """A release in the time it is judged by."""

    version: str
    since: datetime
    """When it arrived: its first deploy, else its first event or session."""
    age: timedelta
    events: int = 0
    sessions: int = 0
    crashed: int = 0

    @property
    def rate(self) -> float:
        """Events an hour."""
        return self.events / max(self.age / timedelta(hours=1), 1 / 60)

    @property
    def crash_free(self) -> float | None:
        """Share of sessions without a crash; None without sessions."""
        return crash_free(self.sessions, self.crashed)


class Limits(Struct, frozen=True):
    """What a pipeline tolerates."""

    new_issues: int = 0
    regressions: int = 0
    rate: float = 2.0
    """Times the predecessor's event rate."""
    crash_free: float | None = None
    """Least share of sessions without a crash; None: half a percent below the predecessor's."""
    least_events: int = 20
    """Fewer are no rate."""
    least_sessions: int = 100


class Check(Struct, frozen=True):
    """One question and its answer."""

    name: str
    ok: bool | None
    """None: it could not be told."""
    why: str


class Health(Struct, frozen=True):
    """The verdict with all that led to it."""

    verdict: Word
    why: str
    checks: tuple[Check, ...]


DROP = 0.005
"""Crash-free share that a release may lose against its predecessor."""


def judge(
    side: Side | None,
    before: Side | None,
    new_issues: int,
    regressions: int,
    limits: Limits | None = None,
) -> Health:
    """Say whether the release may go on. `side` None: it has not arrived there yet."""
    limits = limits or Limits()
    if side is None:
        return Health(Word.WAIT, "It has no deploy, event or session there yet.", ())
    checks = (
        _counted("new_issues", "new issue", new_issues, limits.new_issues),
        _counted("regressions", "regressed issue", regressions, limits.regressions),
        _rate(side, before, limits),
        _crashes(side, before, limits),
    )
    failed = [check.why for check in checks if check.ok is False]
    if failed:
        return Health(Word.STOP, "; ".join(failed) + ".", checks)
    if side.age < TOO_EARLY:
        return Health(Word.WAIT, "It arrived less than 5 minutes ago.", checks)
    told = [check.why for check in checks if check.ok]
    return Health(Word.GO, "; ".join(told) + ".", checks)


def _counted(name: str, what: str, found: int, allowed: int) -> Check:
    number = f"{found or 'no'} {what}{'' if found == 1 else 's'}"
    limit = f", {allowed} allowed" if found else ""
    return Check(name, found <= allowed, number + limit)


def _rate(side: Side, before: Side | None, limits: Limits) -> Check:
    rate = f"{_short(side.rate)} events an hour"
    if before is None:
        return Check("event_rate", None, f"{rate}, and no predecessor to compare with")
    against = f"{before.version} had {_short(before.rate)} at the same age"
    if side.events < limits.least_events:
        return Check("event_rate", True, f"{rate} ({side.events} in all), {against}")
    times = side.rate / before.rate if before.rate else math.inf
    ok = times <= limits.rate or not _beyond_chance(side, before)
    factor = f"{times:.1f} times as many" if math.isfinite(times) else "where there were none"
    return Check("event_rate", ok, f"{rate}, {against}" + ("" if ok else f": {factor}"))


def _beyond_chance(side: Side, before: Side) -> bool:
    """Whether counts that far apart are no accident: three deviations of Poisson counts."""
    share = before.age / side.age if side.age else 1.0
    expected = before.events / share if share else 0.0
    spread = math.sqrt(side.events + (before.events / share**2 if share else 0.0))
    return side.events - expected > 3 * spread


def _crashes(side: Side, before: Side | None, limits: Limits) -> Check:
    mine = side.crash_free
    if mine is None:
        return Check("crash_free", None, "no sessions: no denominator for a crash-free rate")
    text = f"{_percent(mine)} of {side.sessions:,} sessions without a crash"
    if side.sessions < limits.least_sessions:
        return Check("crash_free", None, f"{text}, too few to judge")
    if limits.crash_free is not None:
        least = f"at least {_percent(limits.crash_free)} wanted"
        return Check("crash_free", mine >= limits.crash_free, f"{text}, {least}")
    theirs = before.crash_free if before else None
    if before is None or theirs is None or before.sessions < limits.least_sessions:
        return Check("crash_free", None, f"{text}, and no predecessor with enough to compare with")
    ok = mine >= theirs - DROP
    return Check("crash_free", ok, f"{text}, {before.version} had {_percent(theirs)}")


def predecessor(release: Known, others: Sequence[Known]) -> Known | None:
    """The newest of the releases that are older than this one; None when nobody can tell."""
    older = [other for other in others if compare(other, release).sign == -1]
    return newest(older, release.version)


def in_order(releases: Sequence[Known]) -> list[Known]:
    """Newest first, by versions where they compare and by date where they do not."""
    ordered: list[Known] = []
    for release in sorted(releases, key=lambda one: one.at.timestamp() if one.at else 0.0):
        place = 0
        # Newer ones come later by date: most find their place at once.
        while place < len(ordered) and compare(release, ordered[place]).sign == -1:
            place += 1
        ordered.insert(place, release)
    return ordered


def _percent(share: float) -> str:
    """Never rounded up to 100 %."""
    return f"{math.floor(share * 10_000) / 100:g} %"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"
