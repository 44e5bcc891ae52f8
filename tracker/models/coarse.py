"""Columns of an issue that change with each event, and the twins of them that indexes hold.

An order or a bound that names such a column names its twin too: the twin is what an index
walks, the column itself settles what the twin leaves open.
"""

from typing import Any

from django.db.models import F, Func, Q

from tracker.domain.coarse import LAST, MINUTE, ROOM, SINGLE, STEPS, last_place, place

TWINS = {"last_seen": "seen_minute", "events": "events_place", "users": "users_place"}


def minute_of(name: str) -> Func:
    """The twin of a moment, for a generated column."""
    template = "date_bin('1 minute', %(expressions)s, '2000-01-01 00:00:00+00'::timestamptz)"
    return Func(F(name), template=template)


def place_of(name: str) -> Func:
    """The twin of a count, for a generated column."""
    steps = ", ".join(map(str, STEPS))
    template = (
        f"(width_bucket({name}, ARRAY[{steps}]::bigint[])::bigint << {ROOM})"
        f" + CASE WHEN {name} <= {SINGLE} THEN id ELSE 0 END"
    )
    return Func(F(name), F("id"), template=template)


def order(*names: str) -> list[str]:
    """For `order_by`: each column with its twin before it, as in `order("-last_seen", "-pk")`.

    What follows a count can only be the id, in the same direction: its twin has it, too.
    """
    found = []
    for name in names:
        twin = TWINS.get(name.lstrip("-"))
        found += [name] if twin is None else ["-" * name.startswith("-") + twin, name]
    return found


def bound(number: int | None = None, /, **lookup: Any) -> Q:
    """One lookup, and what it says of the twin, as in `bound(last_seen__gte=moment)`.

    With `number`, of issues with the very value of a `gte` or `lte` only those beyond that id are
    wanted (in its direction): the caller's own condition says so, and an index skips the rest.
    """
    ((text, value),) = lookup.items()
    name, _, comparison = text.partition("__")
    if name not in TWINS or comparison not in ("", "gt", "gte", "lt", "lte"):
        return Q(**lookup)
    told = Q(**lookup)
    if comparison in ("", "gt", "gte"):
        told &= _from(name, value, comparison == "gt", number if comparison == "gte" else None)
    if comparison in ("", "lt", "lte"):
        told &= _to(name, value, comparison == "lt", number if comparison == "lte" else None)
    return told


def _from(name: str, value: Any, beyond: bool, number: int | None) -> Q:
    """What the twin of a column says when that is this or more."""
    if name != "last_seen":
        return Q(**{f"{TWINS[name]}__gte": place(value + beyond, number or 0)})
    try:
        return Q(seen_minute__gt=value - MINUTE)
    except OverflowError:  # the first minute of the calendar: everything is later
        return Q()


def _to(name: str, value: Any, beyond: bool, number: int | None) -> Q:
    """What the twin of a column says when that is this or less."""
    if name != "last_seen":
        last = last_place(value - beyond, LAST if number is None else number)
        return Q(**{f"{TWINS[name]}__lte": last})
    return Q(seen_minute__lte=value)
