"""Whether an event reopens a resolved issue, and by which comparison of releases that was told.

    resolved            an event of an older release than the last one affected is a straggler;
                        the same release, a newer one or an unknown one reopens
    in the next release only a release newer than the newest one of that day reopens
    in given releases   only a release newer than the fix of its own major.minor line, else
                        newer than the newest fix; the fix itself too, unless the issue had
                        been seen in it before it was resolved

A release that nobody told (or that can't be compared) never reopens what was resolved in a
release; it is counted and shown. Neither does a release known only from events against
one made by API or deploy, nor one that somebody marked as not to be believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from tracker.domain.versions import Comparison, Known, Method, compare, parse, same_line

MOST_FIXES = 10
"""Releases that one resolution may name."""


class How(StrEnum):
    """Since when a resolved issue is gone."""

    NOW = "now"
    NEXT = "next"
    IN = "in"
    QUIET = "quiet"
    """By itself: no events for long."""


class Resolution(Struct, frozen=True):
    """How an issue was resolved."""

    at: datetime
    release: str = ""
    """The newest release known then: of the issue, or of the project for "in the next"."""
    how: How = How.NOW
    fixes: tuple[str, ...] = ()
    """The releases that hold the fix."""
    affected: tuple[str, ...] = ()
    """Those of `fixes` in which the issue had been seen before."""


class Sighting(Struct, frozen=True):
    """One event of a resolved issue."""

    happened: datetime
    release: str = ""


class Comeback(Struct, frozen=True):
    """Whether an event reopens a resolved issue, and why in a sentence."""

    reopens: bool
    why: str
    release: str = ""
    """The event's."""
    against: str = ""
    """The release that it was compared with; "" when it was not."""
    method: Method = Method.NONE
    unknown: bool = False
    """Kept resolved only because nobody can tell how old the event's release is."""
    late: bool = False
    """It happened before the issue was resolved: says nothing about the fix."""


_SIGNS = {-1: "<", 0: "=", 1: ">"}


def judge(
    resolution: Resolution, sighting: Sighting, known: Mapping[str, Known] | None = None
) -> Comeback:
    """Decide whether a sighting is a regression. `known`: releases of the project by version.

    What happened before the issue was resolved, and merely arrived late, does not reopen it.
    """
    seen, releases = sighting.release, known or {}
    if sighting.happened <= resolution.at:
        return Comeback(False, "happened before it was resolved, arrived late", seen, late=True)
    if resolution.how in (How.NOW, How.QUIET):
        return _after_plain(resolution, seen, releases)
    if not seen:
        return _unknown("release unknown", seen)
    if resolution.how is How.IN:
        fix = fix_for(seen, resolution.fixes)
        if not fix:
            return _unknown("resolved in no release", seen)
        return _against(seen, fix, releases, same_reopens=fix not in resolution.affected)
    if not resolution.release:
        # There was no release to come after: the first one that says its name is the next.
        return Comeback(True, f"seen again in release {seen}, the first one known", seen)
    return _against(seen, resolution.release, releases, same_reopens=False)


def fix_for(seen: str, fixes: tuple[str, ...]) -> str:
    """The fix that a release is to be compared with: that of its own major.minor, or the newest."""
    own = [fix for fix in fixes if same_line(fix, seen)]
    best = ""
    for fix in own or fixes:
        if not best or (compare(Known(fix), Known(best)).sign or 0) > 0:
            best = fix
    return best


def _after_plain(resolution: Resolution, seen: str, known: Mapping[str, Known]) -> Comeback:
    words = f"seen again in release {seen}" if seen else "seen again"
    last = resolution.release
    if not last or not seen:
        return Comeback(True, f"{words} after it was resolved", seen)
    told = _compare(seen, last, known)
    newer, base = known.get(seen, Known(seen)), known.get(last, Known(last))
    rumour = told.sign == 1 and base.told and not newer.told
    if told.sign is None or (rumour and not newer.ignored):
        # Nobody can tell that it is older: better one look too many than a comeback missed.
        why = f"{words}; it was resolved while release {last} was the last one affected"
        return Comeback(True, why, seen, last, told.method)
    if told.sign < 0:
        return Comeback(False, _told("kept resolved", seen, last, told), seen, last, told.method)
    if told.sign == 0:
        why = f"{words}, the same release as when it was resolved"
        return Comeback(True, why, seen, last, told.method)
    return _judged(seen, last, told, known)


def _against(seen: str, last: str, known: Mapping[str, Known], *, same_reopens: bool) -> Comeback:
    told = _compare(seen, last, known)
    if told.sign is None:
        return _unknown(f"{seen} and {last} can't be compared", seen, last)
    if told.sign == 0 and same_reopens:
        why = f"reopened: seen in {seen}, the release that was to fix it"
        return Comeback(True, why, seen, last, told.method)
    return _judged(seen, last, told, known)


def _judged(seen: str, last: str, told: Comparison, known: Mapping[str, Known]) -> Comeback:
    """Newer reopens, unless the newer release is not to be believed."""
    if told.sign is None or told.sign <= 0:
        return Comeback(False, _told("kept resolved", seen, last, told), seen, last, told.method)
    newer, base = known.get(seen, Known(seen)), known.get(last, Known(last))
    if newer.ignored:
        return _unknown(f"{seen} is marked as implausible", seen, last)
    if base.told and not newer.told:
        why = f"{seen} is known from events only, {last} was released by API or deploy"
        return _unknown(why, seen, last)
    return Comeback(True, _told("reopened", seen, last, told), seen, last, told.method)


def _compare(seen: str, last: str, known: Mapping[str, Known]) -> Comparison:
    return compare(known.get(seen, Known(seen)), known.get(last, Known(last)))


def _told(verdict: str, seen: str, last: str, told: Comparison) -> str:
    """`reopened: 10.24.0 > 10.18.7 (semver)`."""
    return f"{verdict}: {seen} {_SIGNS[told.sign or 0]} {last} ({told.method})"


def _unknown(why: str, seen: str, against: str = "") -> Comeback:
    return Comeback(False, f"kept resolved: {why}", seen, against, unknown=True)


class BadRelease(ValueError):
    """A release to resolve in makes no sense; `str()` is for the page."""


def check_fixes(fixes: tuple[str, ...]) -> tuple[str, ...]:
    """The releases, trimmed and each once. Raises BadRelease."""
    wanted = tuple(dict.fromkeys(text.strip() for text in fixes if text.strip()))
    if not wanted:
        raise BadRelease("Name the release that holds the fix.")
    if len(wanted) > MOST_FIXES:
        raise BadRelease(f"At most {MOST_FIXES} releases can be named; these are {len(wanted)}.")
    if any(len(text) > 200 or "\x00" in text for text in wanted):
        raise BadRelease("A release has at most 200 characters.")
    if len(wanted) > 1 and any(parse(text) is None for text in wanted):
        raise BadRelease("Several releases can be named only where they are versions, like 1.2.3.")
    return wanted
