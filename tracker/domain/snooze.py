"""What a snoozed issue waits for: counted from the snooze, decided at the triggering event.

A snooze carries its own counters, so that neither retention nor a merge changes how
far it is. `watch` walks the events of a batch and says which one wakes the issue.

    BadSnooze
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

MOST = 1_000_000_000
LONGEST_RATE = 7 * 24 * 60
LONGEST = timedelta(days=3650)
SLOTS = 60
"""Parts of a sliding window: its length is true to a sixtieth."""


class BadSnooze(ValueError):
    """Nothing sensible can be waited for that way; `str()` is for the page."""


class Until(StrEnum):
    """What ends a snooze."""

    TIME = "time"
    EVENTS = "events"
    RATE = "rate"
    """So many events in so many minutes."""
    USERS = "users"
    """So many people who had not been hit before."""
    ESCALATING = "escalating"
    NEXT = "next"
    """The next event: an acknowledgement."""


class Snooze(Struct, frozen=True, omit_defaults=True):
    """A condition and how far it is."""

    kind: Until
    since: datetime
    until: datetime | None = None
    """Ends it at the latest, whatever the kind."""
    count: int = 0
    minutes: int = 0
    """Length of the window of RATE and ESCALATING."""
    events: int = 0
    """Events since the snooze."""
    users: int = 0
    """People newly hit since the snooze."""
    window: tuple[tuple[int, int], ...] = ()
    """Events by slot (seconds since 1970), oldest first; only where there is a window."""


class Hit(Struct, frozen=True):
    """One event of a snoozed issue."""

    at: datetime
    """When it was received."""
    new_user: bool = False


class Waking(Struct, frozen=True):
    """Which of the hits woke the issue, and why."""

    index: int
    why: str


def check(snooze: Snooze) -> Snooze:
    """The snooze, if it makes sense. Raises BadSnooze."""
    if snooze.until is not None and not snooze.since < snooze.until <= snooze.since + LONGEST:
        raise BadSnooze("Choose a moment in the future, at most ten years from now.")
    if snooze.kind is Until.TIME and snooze.until is None:
        raise BadSnooze("Say until when.")
    counted = snooze.kind in (Until.EVENTS, Until.RATE, Until.USERS)
    if counted and not 1 <= snooze.count <= MOST:
        raise BadSnooze(f"The number is between 1 and {MOST:,}.")
    if snooze.kind is Until.RATE and not 1 <= snooze.minutes <= LONGEST_RATE:
        raise BadSnooze(f"The minutes are between 1 and {LONGEST_RATE:,} (a week).")
    return snooze


def watch(snooze: Snooze, hits: Iterable[Hit]) -> tuple[Snooze, Waking | None]:
    """Count hits, in order, until one wakes the issue; the snooze as it is after that one."""
    events, users, window = snooze.events, snooze.users, list(snooze.window)
    waking = None
    for index, hit in enumerate(hits):
        if hit.at <= snooze.since:
            continue  # came in before the snooze, digested after it
        events += 1
        users += hit.new_user
        if snooze.minutes:
            _slide(window, hit.at, snooze.minutes)
        recent = sum(count for _, count in window)
        why = _why(snooze, hit.at, events, users, recent)
        if why:
            waking = Waking(index, why)
            break
    after = msgspec.structs.replace(snooze, events=events, users=users, window=tuple(window))
    return after, waking


def _slide(window: list[tuple[int, int]], at: datetime, minutes: int) -> None:
    """Count one event and forget what has left the window."""
    width = max(minutes * 60 // SLOTS, 1)
    second = int(at.timestamp())
    slot = second - second % width
    if window and window[-1][0] >= slot:
        window[-1] = (window[-1][0], window[-1][1] + 1)
    else:
        window.append((slot, 1))
    while window[0][0] + width <= second - minutes * 60:
        window.pop(0)


def _why(snooze: Snooze, at: datetime, events: int, users: int, recent: int) -> str:
    match snooze.kind:
        case Until.NEXT:
            return "seen again, for the first time since it was acknowledged"
        case Until.EVENTS if events >= snooze.count:
            return f"{plural(events, 'event')} since it was snoozed"
        case Until.USERS if users >= snooze.count:
            return f"{plural(users, 'more person', 'more people')} hit since it was snoozed"
        case Until.RATE if recent >= snooze.count:
            return f"{plural(recent, 'event')} in {plural(snooze.minutes, 'minute')}"
        case Until.ESCALATING if recent >= snooze.count > 0:
            return f"escalating: {plural(recent, 'event')} in an hour, {snooze.count:,} is unusual"
    return is_over(snooze, at)


def is_over(snooze: Snooze, now: datetime) -> str:
    """Why the time of a snooze is over; "" while it is not."""
    if snooze.until is None or now < snooze.until:
        return ""
    return f"it was snoozed until {snooze.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def progress(snooze: Snooze) -> tuple[int, int] | None:
    """How far it is, of how much; None where nothing is counted.

    A window is as full as it was at the last event: it only empties from there.
    """
    match snooze.kind:
        case Until.EVENTS:
            return snooze.events, snooze.count
        case Until.USERS:
            return snooze.users, snooze.count
        case Until.RATE | Until.ESCALATING if snooze.count:
            return sum(count for _, count in snooze.window), snooze.count
    return None


def sentence(snooze: Snooze) -> str:
    """What it waits for and how far it is, in a few words."""
    done = progress(snooze)
    far = f"{done[0]:,} of {done[1]:,}" if done else ""
    match snooze.kind:
        case Until.EVENTS:
            text = f"{far} events"
        case Until.USERS:
            text = f"{far} more people"
        case Until.RATE:
            text = f"{far} events in {plural(snooze.minutes, 'minute')}"
        case Until.ESCALATING:
            text = "until it escalates"
        case Until.NEXT:
            text = "until the next event"
        case _:
            text = ""
    end = f"until {snooze.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if snooze.until else ""
    return ", ".join(part for part in (text, end) if part)


def plural(number: int, one: str, many: str = "") -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def to_json(snooze: Snooze) -> dict[str, Any]:
    """For the column of the issue."""
    found: dict[str, Any] = msgspec.to_builtins(snooze)
    return found


def from_json(data: Any) -> Snooze:
    """From the column of the issue. Raises msgspec.ValidationError."""
    return msgspec.convert(data, Snooze)
