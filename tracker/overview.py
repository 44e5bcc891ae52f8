"""What a project's overview reads: a fixed number of queries, whatever the project's size."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Count, DateTimeField, F, Sum, Value
from django.db.models.functions import TruncDay

from tracker.domain import sketch
from tracker.domain.search import Term, literal
from tracker.domain.trends import DAY, HOUR, Series, floor_to, series
from tracker.models import (
    Activity,
    ActivityKind,
    Deploy,
    Environment,
    Issue,
    Release,
    Rollup5m,
    RollupDay,
    RollupHour,
)
from tracker.models.coarse import bound

DAYS = 14
HOURS = 24
RISING_SHOWN = 6
SKETCHES = 20_000
"""Five-minute rows whose people are counted at the most; above, the page says "at least"."""

Counts = dict[datetime, int]


@dataclass(frozen=True, slots=True)
class Counted:
    """Events per environment id and bucket."""

    hours: dict[int, Counts]
    days: dict[int, Counts]

    def all_hours(self) -> Counts:
        """Of all environments."""
        return _summed(self.hours)

    def all_days(self) -> Counts:
        """Of all environments."""
        return _summed(self.days)


def _summed(parts: dict[int, Counts]) -> Counts:
    total: Counts = defaultdict(int)
    for counts in parts.values():
        for bucket, count in counts.items():
            total[bucket] += count
    return total


def events_of(project_id: int, now: datetime) -> Counted:
    """Events per environment: hours of a day, days of a fortnight; one query."""
    hours: Any = RollupHour.objects.filter(
        project_id=project_id, bucket__gte=floor_to(now, HOUR) - (HOURS - 1) * HOUR
    )
    days: Any = RollupDay.objects.filter(
        project_id=project_id, bucket__gte=floor_to(now, DAY) - (DAYS - 1) * DAY
    )
    parts = [
        rows.order_by().values("environment_id", "bucket").annotate(n=Sum("events")).values_list(
            Value(width, output_field=CharField()), "environment_id", "bucket", "n"
        )
        for width, rows in (("hour", hours), ("day", days))
    ]  # fmt: skip
    found = Counted({}, {})
    for width, environment, bucket, count in parts[0].union(parts[1], all=True):
        into = found.hours if width == "hour" else found.days
        into.setdefault(environment, {})[bucket] = count
    return found


@dataclass(frozen=True, slots=True)
class Turned:
    """Issues that were new, and that came back, per day."""

    new: Counts
    regressed: Counts
    new_today: int
    """Within 24 hours."""
    regressed_today: int


def turned(project_id: int, now: datetime) -> Turned:
    """From what happened to issues; one query."""
    kinds = (ActivityKind.FIRST_SEEN, ActivityKind.REGRESSED)
    rows = Activity.objects.filter(
        project=project_id, kind__in=kinds, created_at__gte=floor_to(now, DAY) - (DAYS - 1) * DAY
    ).order_by()
    fresh = rows.filter(created_at__gt=now - DAY)
    parts = [
        some.annotate(day=TruncDay("created_at", tzinfo=UTC))
        .values("kind", "day")
        .annotate(n=Count("pk"))
        .values_list(Value(word, output_field=CharField()), "kind", "day", "n")
        for word, some in (("all", rows), ("fresh", fresh))
    ]  # fmt: skip
    per_day: dict[str, Counts] = {kind.value: {} for kind in kinds}
    today: dict[str, int] = defaultdict(int)
    for word, kind, day, count in parts[0].union(parts[1], all=True):
        if word == "all":
            per_day[kind][day] = count
        else:
            today[kind] += count
    new, back = (kind.value for kind in kinds)
    return Turned(per_day[new], per_day[back], today[new], today[back])


@dataclass(frozen=True, slots=True)
class People:
    """How many were hit."""

    count: int
    at_least: bool
    """There was more to count than a page may read."""


def people(project_id: int, now: datetime) -> People:
    """Distinct people of the last 24 hours, from sketches (within 3 %); one query."""
    rows = (
        Rollup5m.objects.filter(project_id=project_id, bucket__gt=now - DAY)
        .order_by().values_list("users", flat=True)
    )  # fmt: skip
    sketches = [bytes(users) for users in rows[: SKETCHES + 1]]
    merged = sketch.merge(sketches[:SKETCHES]) if sketches else b"\x00"
    return People(sketch.estimate(merged), len(sketches) > SKETCHES)


def rising(project_id: int, now: datetime) -> list[Issue]:
    """Unresolved issues that had more events today than usual; one query."""
    rows = Issue.objects.live().unresolved().filter(
        bound(last_seen__gt=now - DAY), project=project_id, trend__gte=1.5
    )  # fmt: skip
    return list(rows.order_by("-trend", "-pk")[:RISING_SHOWN])


@dataclass(frozen=True, slots=True)
class Named:
    """Names of environments by id; what was released and deployed when."""

    environments: dict[int, str]
    marks: tuple[tuple[datetime, str], ...]
    releases: tuple[tuple[str, datetime, str], ...]
    """Version, when, and from where: newest first."""


def named(project_id: int, now: datetime) -> Named:
    """Environments, releases and deploys of a fortnight; one query."""
    since = floor_to(now, DAY) - (DAYS - 1) * DAY
    text, moment = CharField(), DateTimeField()

    def word(value: str) -> Value:
        return Value(value, output_field=text)

    environments: Any = Environment.objects.filter(project=project_id, hidden=False).order_by()
    releases: Any = Release.objects.filter(project=project_id).order_by("-created_at")
    deploys: Any = Deploy.objects.filter(project=project_id, started_at__gte=since)
    parts = (
        releases.filter(created_at__gte=since).values_list(
            word("release"), "pk", F("version"), "created_at", F("source"))[:50],
        deploys.order_by("-started_at").values_list(
            word("deploy"), "pk", F("release__version"), "started_at", F("environment__name"))[:50],
    )  # fmt: skip
    rows = environments.values_list(
        word("environment"), "pk", F("name"), Value(None, output_field=moment), word("")
    ).union(*parts, all=True)
    names: dict[int, str] = {}
    happened: list[tuple[str, datetime, str]] = []
    for kind, pk, name, at, more in rows:
        if kind == "environment":
            names[pk] = name
        else:
            happened.append((name, at, f"deployed to {more}" if kind == "deploy" else "first seen"))
    happened.sort(key=lambda one: one[1], reverse=True)
    # One mark a version: its deploy, else when it was first heard of.
    first = {version: at for version, at, _ in happened}
    marks = tuple((at, version) for version, at in first.items())
    return Named(names, marks, tuple(happened[:8]))


@dataclass(frozen=True, slots=True)
class Side:
    """An environment beside the others."""

    name: str
    query: str
    day: Series
    fortnight: Series


def side_by_side(counted: Counted, names: dict[int, str], now: datetime) -> list[Side]:
    """Environments by what they sent in a day, then a fortnight; hidden ones are left out."""
    sides = [
        Side(
            name or "no environment",
            urlencode({"q": f"is:unresolved {Term('env', (literal(name or 'none'),))}"}),
            series(counted.hours.get(pk, {}), now, HOUR, HOURS),
            series(counted.days.get(pk, {}), now, DAY, DAYS),
        )
        for pk, name in names.items()
    ]
    sides.sort(key=lambda side: (-side.day.total, -side.fortnight.total, side.name))
    return sides[:12]


def change(series_of_days: Series) -> str:
    """The last seven days against the seven before, in words; "" when there is nothing to say."""
    counts = series_of_days.counts
    before, after = sum(counts[:-7]), sum(counts[-7:])
    if not before or not after:
        return ""
    percent = round((after - before) / before * 100)
    if abs(percent) < 5:
        return "as the week before"
    if percent > 900:
        return "many times the week before"
    return f"{abs(percent)} % {'more' if percent > 0 else 'fewer'} than the week before"
