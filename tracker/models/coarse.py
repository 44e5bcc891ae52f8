"""Columns of an issue that change with each event, and the twins of them that indexes hold.

An order or a bound that names such a column names its twin too: the twin is what an index
walks, the column itself settles what the twin leaves open.
"""

from typing import Any

from django.db.models import F, Func, Q

from tracker.domain.coarse import MINUTE, STEPS, step

TWINS = {"last_seen": "seen_minute", "events": "events_step", "users": "users_step"}


def minute_of(name: str) -> Func:
    """The twin of a moment, for a generated column."""
    template = "date_bin('1 minute', %(expressions)s, '2000-01-01 00:00:00+00'::timestamptz)"
    return Func(F(name), template=template)


def step_of(name: str) -> Func:
    """The twin of a count, for a generated column."""
    steps = ", ".join(map(str, STEPS))
    return Func(F(name), template=f"width_bucket(%(expressions)s, ARRAY[{steps}]::bigint[])")


def order(*names: str) -> list[str]:
    """For `order_by`: each column with its twin before it, as in `order("-last_seen", "-pk")`."""
    found = []
    for name in names:
        twin = TWINS.get(name.lstrip("-"))
        found += [name] if twin is None else ["-" * name.startswith("-") + twin, name]
    return found


def bound(**lookup: Any) -> Q:
    """One lookup, and what it says of the twin, as in `bound(last_seen__gte=moment)`."""
    ((text, value),) = lookup.items()
    name, _, comparison = text.partition("__")
    twin = TWINS.get(name)
    if twin is None or comparison not in ("", "gt", "gte", "lt", "lte"):
        return Q(**lookup)
    told = Q(**lookup)
    if comparison in ("", "gt", "gte"):
        told &= _at_least(name, value)
    if comparison in ("", "lt", "lte"):
        told &= Q(**{f"{twin}__lte": value if name == "last_seen" else step(value)})
    return told


def _at_least(name: str, value: Any) -> Q:
    """What the twin of a column says when that is this or more."""
    if name != "last_seen":
        return Q(**{f"{TWINS[name]}__gte": step(value)})
    try:
        return Q(seen_minute__gt=value - MINUTE)
    except OverflowError:  # the first minute of the calendar: everything is later
        return Q()
