"""Which deploy may have brought an issue, how sure that is, and where it was seen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tracker.domain.priority import is_production

SOON = timedelta(hours=1)
SAME_DAY = timedelta(hours=24)
TOO_OLD = timedelta(days=14)
"""A deploy before that explains nothing, unless it brought the very release."""


class Sure(StrEnum):
    """How sure a suspicion is, in a word."""

    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"


class Rollout(Struct, frozen=True):
    """A deploy, as far as suspicion goes."""

    id: int
    release: str
    release_id: int
    environment: str
    at: datetime
    actor: str = ""
    url: str = ""


class Start(Struct, frozen=True):
    """The event that opened an issue or brought it back."""

    at: datetime
    release: str = ""
    environment: str | None = None
    """None: not known."""
    came_back: bool = False


class Suspect(Struct, frozen=True):
    """The last deploy before an event."""

    rollout: Rollout
    sure: Sure
    why: str


def suspect(rollouts: Sequence[Rollout], start: Start) -> Suspect | None:
    """The last deploy before the event, where it happened; None when nothing points to one."""
    before = [one for one in rollouts if one.at <= start.at]
    if start.environment is not None:
        before = [one for one in before if one.environment == start.environment]
    same = [one for one in before if start.release and one.release == start.release]
    pool = same or before
    if not pool:
        return None
    last = max(pool, key=lambda one: (one.at, one.id))
    gap = start.at - last.at
    if gap > TOO_OLD and not same:
        return None
    sure, reasons = _judge(last, start, gap, bool(same))
    return Suspect(last, sure, ", ".join(reasons))


def _judge(last: Rollout, start: Start, gap: timedelta, same: bool) -> tuple[Sure, list[str]]:
    what = "it came back" if start.came_back else "it was first seen"
    reasons = [f"{what} {span(gap)} after the deploy"]
    where = start.environment is not None
    if where:
        reasons.append(f"in the same environment ({last.environment or 'none'})")
    if same:
        reasons.append("in the release that was deployed")
        return (Sure.LIKELY if gap <= SAME_DAY else Sure.POSSIBLE), reasons
    if start.release:
        reasons.append(f"but in {start.release}, not in {last.release}")
        return Sure.UNLIKELY, reasons
    reasons.append("its event names no release")
    if gap <= SOON and where:
        return Sure.LIKELY, reasons
    return (Sure.POSSIBLE if gap <= SAME_DAY else Sure.UNLIKELY), reasons


def span(gap: timedelta) -> str:
    """A length of time in one unit: `3 minutes`, `1 hour`, `9 days`."""
    seconds = max(int(gap.total_seconds()), 0)
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "less than a minute"


def seen_earlier(firsts: Mapping[str, date]) -> str:
    """`first seen in staging 2 days earlier than in production`; "" when there is no such thing.

    `firsts`: the first day per environment.
    """
    production = {name: day for name, day in firsts.items() if is_production(name)}
    others = {name: day for name, day in firsts.items() if name not in production}
    if not production or not others:
        return ""
    name, day = min(others.items(), key=lambda one: (one[1], one[0]))
    target, hit = min(production.items(), key=lambda one: (one[1], one[0]))
    days = (hit - day).days
    if days < 1:
        return ""
    word = "day" if days == 1 else "days"
    return f"first seen in {name} {days} {word} earlier than in {target or 'production'}"
