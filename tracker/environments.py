"""What environments sent and when last: of one issue, and of projects side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, Sum

from tracker.domain.search import Term, literal
from tracker.domain.trends import DAY, HOUR, floor_to
from tracker.models import Issue, RollupDay, RollupHour

DAYS = 14


@dataclass(frozen=True, slots=True)
class Spread:
    """An issue in one environment."""

    name: str
    events: int
    first: date
    last: date
    when: str
    """In which days, in words."""
    query: str
    """The address's part that finds the unresolved issues there."""


def of_issue(issue: Issue, names: Mapping[int, str], now: datetime) -> list[Spread]:
    """Of an issue loaded `with_origin`, most events first; hidden environments are left out."""
    told: list[dict[str, Any]] = getattr(issue, "origin_days", [])
    rows = [row for row in told if row["environment"] in names]
    return [
        _spread(names[row["environment"]], row, now.date())
        for row in sorted(rows, key=lambda row: (-row["events"], names[row["environment"]]))
    ]


def _spread(name: str, row: Mapping[str, Any], today: date) -> Spread:
    first = datetime.fromisoformat(row["first"]).astimezone(UTC).date()
    last = datetime.fromisoformat(row["last"]).astimezone(UTC).date()
    query = f"is:unresolved {Term('env', (literal(name or 'none'),))}"
    return Spread(
        name, row["events"], first, last, days(first, last, today),
        urlencode({"q": query}),
    )  # fmt: skip


def days(first: date, last: date, today: date) -> str:
    """`today`, `since 3 Mar`, `3 Mar to 7 Mar`: from the first event to the last."""
    if last == today:
        return "only today" if first == today else f"since {_short(first, today)}"
    if first == last:
        return f"on {_short(first, today)}"
    return f"{_short(first, today)} to {_short(last, today)}"


def _short(day: date, today: date) -> str:
    if day == today:
        return "today"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day.day} {day:%b}{year}"


# -- of projects ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """What an environment sent lately."""

    day: int = 0
    """Events of 24 hours."""
    fortnight: int = 0
    last: datetime | None = None
    """To the hour within a day, else to the day; None: nothing in a fortnight."""


def lately(project_ids: Iterable[int], now: datetime) -> dict[int, Counted]:
    """By environment id; two queries over rollups."""
    projects = sorted(set(project_ids))
    since = floor_to(now, DAY) - (DAYS - 1) * DAY
    hours: Any = RollupHour.objects.filter(
        project_id__in=projects, bucket__gte=floor_to(now, HOUR) - 23 * HOUR
    )
    of_day = {pk: (n, at) for pk, n, at in _sums(hours)}
    wide: Any = RollupDay.objects.filter(project_id__in=projects, bucket__gte=since)
    found = {}
    for pk, count, day in _sums(wide):
        today, hour = of_day.get(pk, (0, None))
        found[pk] = Counted(today, count, hour or day)
    return found


def _sums(rows: Any) -> Any:
    grouped = rows.order_by().values("environment_id")
    return grouped.annotate(n=Sum("events"), at=Max("bucket")).values_list(
        "environment_id", "n", "at"
    )
