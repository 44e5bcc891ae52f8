"""When a job is due: crontab lines and intervals, in any time zone. Pure.

ScheduleError
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

UNITS = {"minute": 1, "hour": 60, "day": 1440, "week": 10080, "month": 43_200, "year": 525_600}
"""Minutes; a month is thirty days, a year 365."""
_MOST_MINUTES = 527_040
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = {
    name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}
_DAYS = {name: n for n, name in enumerate("sun mon tue wed thu fri sat".split())}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _DAYS),
)
_ITEM = re.compile(r"(\*|[0-9a-z]{1,3})(?:-([0-9a-z]{1,3}))?(?:/([0-9]{1,3}))?")
_YEARS = 9
"""How far to look: the 29th of February may be eight years away."""


class ScheduleError(Exception):
    """The schedule can't be read; `str()` says why."""


class Crontab(Struct, frozen=True):
    """The five fields, as sets of numbers; Sunday is 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def falls_on(self, day: datetime) -> bool:
        """Whether the job runs on a day; a day of month or of week is enough if both are named."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday


def crontab(line: str) -> Crontab:
    """Read a crontab line. Raises ScheduleError."""
    text = line.strip().lower()
    words = _NICKNAMES.get(text, text).split()
    if len(words) != len(_FIELDS):
        raise ScheduleError("A crontab has five fields.")
    sets = [_field(word, *about) for word, about in zip(words, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = sets
    weekdays = frozenset(day % 7 for day in weekdays)
    return Crontab(
        minutes, hours, days, months, weekdays,
        any_day=words[2].startswith("*"), any_weekday=words[4].startswith("*"),
    )  # fmt: skip


def _field(word: str, name: str, low: int, high: int, names: dict[str, int]) -> frozenset[int]:
    wanted: set[int] = set()
    for item in word.replace("?", "*").split(","):
        found = _ITEM.fullmatch(item)
        if found is None:
            raise ScheduleError(f"The {name} of the crontab can't be read.")
        first, last, step = found.groups()
        if first == "*":
            start, end = low, high
        else:
            start = _number(first, name, low, high, names)
            end = _number(last, name, low, high, names) if last else (high if step else start)
        size = int(step) if step else 1
        if size < 1 or end < start or (first == "*" and last):
            raise ScheduleError(f"The {name} of the crontab can't be read.")
        wanted.update(range(start, end + 1, size))
    return frozenset(wanted)


def _number(text: str, name: str, low: int, high: int, names: dict[str, int]) -> int:
    number = names[text] if text in names else int(text) if text.isdigit() else -1
    if not low <= number <= high:
        raise ScheduleError(f"The {name} of the crontab is not between {low} and {high}.")
    return number


def clean(told: Any) -> dict[str, Any]:
    """A schedule as we store it: `type`, `value`, `unit`. Raises ScheduleError."""
    if not isinstance(told, dict):
        raise ScheduleError("A schedule is an object.")
    kind, value, unit = told.get("type"), told.get("value"), told.get("unit")
    if kind == "crontab" and isinstance(value, str) and len(value) <= 200:
        crontab(value)
        return {"type": "crontab", "value": value.strip()}
    if kind == "interval" and isinstance(value, int) and not isinstance(value, bool):
        if not isinstance(unit, str) or unit not in UNITS:
            raise ScheduleError("The unit of an interval is minute, hour, day, week, month, year.")
        if not 1 <= value * UNITS[unit] <= _MOST_MINUTES:
            raise ScheduleError("An interval is between a minute and a year.")
        return {"type": "interval", "value": value, "unit": unit}
    raise ScheduleError("A schedule is a crontab or an interval.")


def is_zone(name: Any) -> bool:
    """Whether a time zone is known by that name."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name):
        return False
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return False
    return True


def next_run(schedule: dict[str, Any], zone: str, after: datetime) -> datetime | None:
    """When a job is to run next after a moment, in UTC; None when never. Raises ScheduleError."""
    if schedule["type"] == "interval":
        return after + timedelta(minutes=schedule["value"] * UNITS[schedule["unit"]])
    line = crontab(schedule["value"])
    there = ZoneInfo(zone)
    moment = after.astimezone(there).replace(tzinfo=None, second=0, microsecond=0)
    moment += timedelta(minutes=1)
    last = moment + timedelta(days=366 * _YEARS)
    while moment < last:
        if not line.falls_on(moment):
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in line.hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in line.minutes:
            moment += timedelta(minutes=1)
        else:
            found = moment.replace(tzinfo=there).astimezone(UTC)
            if found > after:  # an hour that the clock repeats may lie behind us
                return found
            moment += timedelta(minutes=1)
    return None
