"""When a channel may speak, and when it holds its tongue: pure tables.

Messages that come too fast are held and become one, the most urgent in front. The
first alert leaves at once; a storm of thousands makes a handful of messages.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

HOUR = timedelta(hours=1)
PACE: tuple[tuple[timedelta, int], ...] = (
    (timedelta(seconds=2), 2),
    (timedelta(minutes=1), 20),
)
"""At most so many messages within so long; what is more is held until there is room."""
AFTER_FOLD: tuple[timedelta, ...] = (
    timedelta(0), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), HOUR,
)  # fmt: skip
"""How long a channel rests after the n-th folded message in a row."""
FOLDS_FORGOTTEN = timedelta(minutes=30)
"""So long after a folded message the next storm is a new one."""


class Flow(Struct, frozen=True):
    """What a channel said lately, and what it was set to."""

    told: tuple[datetime, ...] = ()
    """Messages of the last hour, oldest first."""
    window: timedelta = timedelta(0)
    budget: int = 60
    """Messages an hour."""
    folds: int = 0
    """Folded messages in a row."""
    folded_at: datetime | None = None
    holding: datetime | None = None
    """When what is held back already will be due: nothing overtakes it."""


class Hold(Struct, frozen=True):
    """Until when a message has to wait, and why."""

    until: datetime
    why: str


def hold(flow: Flow, now: datetime, *, page: bool = False) -> Hold | None:
    """Whether a message must wait; None: it may leave. Pages wait for no window."""
    holds = [
        *_budget(flow, now),
        *([] if page else _window(flow, now)),
        *_pace(flow, now),
        *_rest(flow, now),
        *([Hold(max(flow.holding, now), "others wait already")] if flow.holding else []),
    ]
    return max(holds, key=lambda each: each.until, default=None)


def after_fold(flow: Flow, now: datetime) -> int:
    """How many folded messages in a row there are, with one more now."""
    fresh = flow.folded_at is None or now - flow.folded_at > FOLDS_FORGOTTEN
    return 1 if fresh else min(flow.folds + 1, len(AFTER_FOLD) - 1)


def _budget(flow: Flow, now: datetime) -> list[Hold]:
    told = [at for at in flow.told if at > now - HOUR]
    if len(told) < flow.budget:
        return []
    free = told[len(told) - flow.budget] + HOUR if flow.budget else now + HOUR
    return [Hold(free, f"{len(told)} of {flow.budget} messages this hour")]


def _window(flow: Flow, now: datetime) -> list[Hold]:
    if not flow.window or not flow.told or flow.told[-1] + flow.window <= now:
        return []
    return [Hold(flow.told[-1] + flow.window, f"one message in {_span(flow.window)}")]


def _pace(flow: Flow, now: datetime) -> list[Hold]:
    holds = []
    for span, most in PACE:
        recent = [at for at in flow.told if at > now - span]
        if len(recent) >= most:
            holds.append(Hold(recent[-most] + span, f"{most} messages within {_span(span)}"))
    return holds


def _rest(flow: Flow, now: datetime) -> list[Hold]:
    if flow.folded_at is None or not flow.folds:
        return []
    until = flow.folded_at + AFTER_FOLD[min(flow.folds, len(AFTER_FOLD) - 1)]
    return [Hold(until, "a storm: folded into one message")] if until > now else []


class Quiet(Struct, frozen=True):
    """Hours of the day in a time zone; `start` later than `end` spans midnight."""

    start: time
    end: time
    zone: str = "UTC"


def quiet_until(quiet: Quiet | None, now: datetime) -> datetime | None:
    """When the quiet hours that hold `now` end; None outside of them."""
    if quiet is None or quiet.start == quiet.end:
        return None
    here = now.astimezone(ZoneInfo(quiet.zone))
    clock = here.time().replace(tzinfo=None)
    if quiet.start < quiet.end:
        inside = quiet.start <= clock < quiet.end
    else:
        inside = clock >= quiet.start or clock < quiet.end
    return next_at(quiet.end, quiet.zone, now) if inside else None


def next_at(clock: time, zone: str, now: datetime) -> datetime:
    """The next moment, after `now`, when it is `clock` in a zone."""
    here = now.astimezone(ZoneInfo(zone))
    for days in range(3):
        day = here.date() + timedelta(days=days)
        moment = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
        if moment > now:
            return moment.astimezone(now.tzinfo)
    raise AssertionError("every day has every clock time, or the one after it")


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
