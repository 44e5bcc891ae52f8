"""What the triage pages read: each function is one query, named as a question.

Pages never count by DISTINCT and never touch the event table but for one event
and its neighbours: figures come from rollups and from counters on the issue.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import JSONObject, RowNumber

from tracker.code import with_heads
from tracker.domain.search import Term, literal
from tracker.event_extras import with_beside
from tracker.models import (
    Activity,
    Environment,
    EventRow,
    GroupingKey,
    Issue,
    IssueTag,
    Project,
    RollupHour,
    User,
)  # fmt: skip
from tracker.models.coarse import bound, order
from tracker.models.issue import IssueQuerySet

MOST_MOVING_TAGS = 20_000
"""Tag values that are summed while an issue's rows are moving."""
COUNT_LIMIT = 1000
"""Counts above it read "1000+": an exact one costs more than it tells."""
SORTS: dict[str, str] = {
    "last_seen": "last_seen", "first_seen": "first_seen", "events": "events", "users": "users",
    "priority": "priority", "trend": "trend",
}  # fmt: skip


_BY_STATUS = {"first_seen", "events", "users", "priority", "trend"}
"""Orders whose index begins with the status."""


class _BoundedCount(Subquery):
    """How many rows a sliced query has, as a column."""

    template = "(SELECT count(*) FROM (%(subquery)s) bounded)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list: beyond the row with this sort value and id."""

    value: str
    id: int
    newer: bool = False

    @classmethod
    def read(cls, older: str, newer: str) -> "Cursor | None":
        """From the address; None when there is none or it makes no sense."""
        value, _, number = (older or newer).rpartition("~")
        if not value or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        return cls(value, int(number), newer=not older)

    @staticmethod
    def write(issue: Issue, sort: str) -> str:
        """For the address."""
        value = getattr(issue, SORTS[sort])
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        return f"{text}~{issue.pk}"

    def typed(self, sort: str) -> datetime | int | float | None:
        """The value in the type of the column; None when it makes no sense."""
        try:
            if sort in ("events", "users", "priority"):
                return min(int(self.value), 2**31 - 1)
            if sort == "trend":
                number = float(self.value)
                return number if isfinite(number) else None
            moment = datetime.fromisoformat(self.value)
        except ValueError:
            return None
        return moment if moment.tzinfo else None


@dataclass(frozen=True, slots=True)
class IssuePage:
    """One page of the list, in order, and where it goes on."""

    issues: tuple[Issue, ...]
    older: str = ""
    newer: str = ""


def issue_page(
    found: IssueQuerySet, sort: str, cursor: Cursor | None, size: int, *, any_status: bool = False
) -> IssuePage:
    """Walk by (sort value, id): the thousandth page costs what the first does.

    With `any_status`, `found` holds issues of every status: then those that a page may show are
    looked for in each, for most indexes begin with it.
    """
    field = SORTS[sort]
    backwards = cursor is not None and cursor.newer
    value = cursor.typed(sort) if cursor else None
    rows: QuerySet[Issue] = found.with_sources().select_related("assignee", "assignee_team")
    if cursor and value is not None:
        sign = "gt" if backwards else "lt"
        # The first half gives the index its range, the second settles ties.
        rows = rows.filter(bound(cursor.id, **{f"{field}__{sign}e": value})).filter(
            Q(**{f"{field}__{sign}": value}) | Q(**{f"pk__{sign}": cursor.id})
        )
    walk = order(field, "pk") if backwards else order(f"-{field}", "-pk")
    if any_status and sort in _BY_STATUS:
        parts = [
            rows.filter(status=status).order_by(*walk).values("pk")[: size + 1]
            for status in Issue.Status.values
        ]
        rows = rows.filter(pk__in=parts[0].union(*parts[1:], all=True))
    issues = list(rows.order_by(*walk)[: size + 1])
    more, issues = len(issues) > size, issues[:size]
    if backwards:
        issues.reverse()
    if not issues:
        return IssuePage(())
    has_newer = more if backwards else value is not None
    has_older = True if backwards else more
    return IssuePage(
        tuple(issues),
        older=Cursor.write(issues[-1], sort) if has_older else "",
        newer=Cursor.write(issues[0], sort) if has_newer else "",
    )


def bounded_counts(me: User, questions: Mapping[str, IssueQuerySet]) -> dict[str, int]:
    """How many issues each question finds, at most COUNT_LIMIT + 1; one query for all."""
    columns: dict[str, Any] = {
        f"count_{name}": _BoundedCount(found.order_by().values("pk")[: COUNT_LIMIT + 1])
        for name, found in questions.items()
    }
    rows: Any = User.objects.filter(pk=me.pk).values(**columns)
    row = rows.first()
    return {name: row[f"count_{name}"] if row else 0 for name in questions}


def environments_of(project_ids: Iterable[int]) -> dict[int, str]:
    """Names of the environments that are shown, by id; "" reads as none."""
    rows = Environment.objects.filter(project__in=list(project_ids), hidden=False)
    return dict(rows.order_by("name", "pk").values_list("pk", "name"))


def hourly(issues: Sequence[Issue], since: datetime) -> dict[int, dict[datetime, int]]:
    """Events per issue and hour; one query for a whole page."""
    found: dict[int, dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    if not issues:
        return found
    owners = {issue.pk: issue.pk for issue in issues}
    for issue in issues:  # what was merged into it shows here at once
        owners.update(dict.fromkeys(getattr(issue, "moving_from", ()), issue.pk))
    rows = (
        RollupHour.objects.filter(
            project_id__in=sorted({issue.project_id for issue in issues}),
            issue_id__in=list(owners),
            bucket__gte=since,
        )
        .order_by()
        .values_list("issue_id", "bucket")
        .annotate(total=Sum("events"))
    )
    for issue_id, bucket, total in rows:
        found[owners[issue_id]][bucket] += total
    return found


def hourly_of_projects(
    project_ids: Sequence[int], since: datetime
) -> dict[int, dict[datetime, int]]:
    """Events per project and hour."""
    found: dict[int, dict[datetime, int]] = defaultdict(dict)
    rows = (
        RollupHour.objects.filter(project_id__in=list(project_ids), bucket__gte=since)
        .order_by()
        .values_list("project_id", "bucket")
        .annotate(total=Sum("events"))
    )
    for project_id, bucket, total in rows:
        found[project_id][bucket] = total
    return found


def unresolved_per_project(projects: Sequence[int]) -> dict[int, int]:
    """How many unresolved issues each project has, at most COUNT_LIMIT + 1."""
    waiting = Issue.objects.live().unresolved().filter(project=OuterRef("pk")).order_by()
    rows = Project.objects.filter(pk__in=list(projects)).order_by()
    counted = _BoundedCount(waiting.values("pk")[: COUNT_LIMIT + 1])
    return dict(rows.values_list("pk").annotate(waiting=counted))


def with_environment_names(rows: IssueQuerySet) -> IssueQuerySet:
    """The issues with what `environments_of` says of their projects, in the same query."""
    names = Environment.objects.filter(project=OuterRef("project_id"), hidden=False)
    pairs = names.order_by("name", "pk").values(pair=JSONObject(id="pk", name="name"))
    return rows.annotate(environment_names=ArraySubquery(pairs))


def environment_names(issue: Issue) -> dict[int, str]:
    """Of an issue that was loaded `with_environment_names`; else one query."""
    pairs = getattr(issue, "environment_names", None)
    if pairs is None:
        return environments_of([issue.project_id])
    return {pair["id"]: pair["name"] for pair in pairs}


# --- One issue ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The events around one, by id (hex); "" when there is none."""

    first: str = ""
    older: str = ""
    newer: str = ""
    latest: str = ""


def latest_event(issue: Issue) -> EventRow | None:
    """The newest stored event, with what came beside it and the commits of its release."""
    rows = EventRow.objects.of_issue(issue.project_id, *issue.sources())
    return with_heads(with_beside(rows)).first()


def stored_events(issue: Issue) -> int:
    """How many events are stored, of those that were counted."""
    return EventRow.objects.of_issue(issue.project_id, *issue.sources()).count()


def one_event(issue: Issue, event_id: str) -> EventRow | None:
    """A stored event of this issue; an id of another issue is not found."""
    rows = EventRow.objects.of_issue(issue.project_id, *issue.sources())
    return with_heads(with_beside(rows)).filter(event_id=event_id).first()


def neighbours(issue: Issue, event: EventRow) -> Neighbours:
    """The events before and after, the first and the latest, in the order of receipt."""
    rows = EventRow.objects.filter(project_id=issue.project_id, issue_id__in=issue.sources())
    here = event.received_at
    before = rows.filter(received_at__lte=here).filter(
        Q(received_at__lt=here) | Q(event_id__lt=event.event_id)
    )
    after = rows.filter(received_at__gte=here).filter(
        Q(received_at__gt=here) | Q(event_id__gt=event.event_id)
    )
    falling, rising = ("-received_at", "-event_id"), ("received_at", "event_id")
    parts = [
        _one_of(rows, rising, "first"), _one_of(before, falling, "older"),
        _one_of(after, rising, "newer"), _one_of(rows, falling, "latest"),
    ]  # fmt: skip
    found = {place: event_id.hex for place, event_id in parts[0].union(*parts[1:], all=True)}
    return Neighbours(**found)


def _one_of(rows: QuerySet[EventRow], order: Sequence[str], place: str) -> Any:
    return rows.order_by(*order).annotate(place=Value(place)).values_list("place", "event_id")[:1]


@dataclass(frozen=True, slots=True)
class TagValue:
    """How often a tag had a value."""

    key: str
    value: str
    count: int
    percent: int
    path_tells: bool = True
    """Whether the path alone tells an address from its neighbours."""

    @property
    def short(self) -> str:
        """What tells it from its neighbours: of an address the path, mostly."""
        scheme, found, rest = self.value.partition("://")
        _, slash, path = rest.partition("/")
        if not found or scheme not in ("http", "https") or not path:
            return self.value
        return slash + path if self.path_tells else rest

    @property
    def query(self) -> str:
        """The address's part that finds the issues with this value."""
        name = _SEARCHED_AS.get(self.key)
        term = Term(name or "tag", (literal(self.value),), subkey="" if name else self.key)
        return urlencode({"q": str(term)})


_SEARCHED_AS = {"environment": "env", "release": "release"}


@dataclass(frozen=True, slots=True)
class TagShare:
    """A tag's most frequent values."""

    key: str
    total: int
    values: tuple[TagValue, ...]
    others: int
    """Events with a value that is not shown."""

    @property
    def is_constant(self) -> bool:
        """Whether it tells nothing apart."""
        return len(self.values) == 1 and not self.others


TAGS_FIRST = ("environment", "release", "level", "browser", "os", "runtime", "server_name", "url")


def tag_shares(issue: Issue, values: int = 5, keys: int = 16) -> list[TagShare]:
    """The distribution of each tag, the telling ones first."""
    grouped: dict[str, list[TagValue]] = defaultdict(list)
    totals: dict[str, int] = {}
    for key, value, count, total in _tag_rows(issue, values)[: 200 * values]:
        totals[key] = total
        grouped[key].append(
            TagValue(key, value, count, max(round(100 * count / total), 1) if count else 0)
        )
    order = {key: place for place, key in enumerate(TAGS_FIRST)}
    # `browser.name` only repeats what `browser` says.
    ranked = sorted(
        (key for key in grouped if key.removesuffix(".name") == key or key[:-5] not in grouped),
        key=lambda key: (order.get(key, len(order)), key),
    )
    return [
        TagShare(key, totals[key], apart(shown), totals[key] - sum(v.count for v in shown))
        for key in ranked[:keys]
        for shown in [grouped[key]]
    ]


def apart(values: Sequence[TagValue]) -> tuple[TagValue, ...]:
    """Told from each other: addresses of several hosts with one path are shown with the host."""
    times = Counter(value.short for value in values)
    return tuple(replace(value, path_tells=times[value.short] == 1) for value in values)


def _tag_rows(issue: Issue, values: int) -> list[tuple[str, str, int, int]]:
    """(key, value, count, total of the key) of each key's most frequent values; one query."""
    sources = issue.sources()
    rows = IssueTag.objects.filter(project_id=issue.project_id, issue_id__in=sources)
    if len(sources) == 1:
        place = Window(RowNumber(), partition_by=F("key"), order_by=[F("count").desc(), F("value")])
        ranked = rows.annotate(place=place, total=Window(Sum("count"), partition_by=F("key")))
        return list(
            ranked.filter(place__lte=values)
            .order_by("key", "place")
            .values_list("key", "value", "count", "total")
        )
    # Rows are moving: the same value may stand under two issues.
    summed = rows.values_list("key", "value").annotate(times=Sum("count"))
    per_key: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, value, times in summed.order_by("key", "-times", "value")[:MOST_MOVING_TAGS]:
        per_key[key].append((value, times))
    return [
        (key, value, times, sum(number for _, number in found))
        for key, found in per_key.items()
        for value, times in found[:values]
    ]


def history(issue: Issue, limit: int = 50) -> list[Activity]:
    """What happened to the issue, newest first."""
    rows = Activity.objects.filter(project=issue.project_id, issue=issue.pk)
    return list(rows.select_related("actor").order_by("-pk")[:limit])


def grouping_of(issue: Issue, limit: int = 20) -> list[GroupingKey]:
    """The keys that lead to the issue, the most used first."""
    rows = GroupingKey.objects.filter(project=issue.project_id, issue=issue.pk)
    return list(rows.order_by("-events", "pk")[:limit])
