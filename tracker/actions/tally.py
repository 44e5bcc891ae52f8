"""Pure sums over a batch: what the digest adds to users, tags and rollups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from tracker.actions.batch import Placed
from tracker.domain import sketch
from tracker.domain.event import LEVELS, Event
from tracker.domain.priority import Facts, Priority, is_production, priority_of

Key = TypeVar("Key", bound=Hashable)


FIVE_MINUTES = timedelta(minutes=5)
_ATTRIBUTES = frozenset({"release", "environment", "level"})


class Span(Struct):
    """How often something was seen, first and last."""

    first: datetime
    last: datetime
    count: int = 1


class Bucket(Struct):
    """Events of five minutes and who they hit."""

    events: int
    users: set[bytes]


class IssueTally(Struct):
    """What a batch adds to one issue."""

    last_seen: datetime
    environments: set[int]
    sightings: list[Placed]
    level: int = 40
    release: str = ""
    unhandled: bool = False
    """Nobody caught one of them."""
    priority: Priority = Priority.LOW
    """Of the most urgent one."""


class Tally(Struct):
    """All sums of a batch; keys begin with (project, issue)."""

    issues: dict[tuple[int, int], IssueTally]
    users: dict[tuple[int, int, UUID, int], Span]
    tags: dict[tuple[int, int, str, str], Span]
    five: dict[tuple[int, int, datetime, int], Bucket]
    keys: dict[tuple[int, str, bytes], int]

    def five_minute_rows(self) -> list[tuple[int, int, datetime, int, int, bytes]]:
        """Sorted rows with sketches."""
        return [(*key, b.events, sketch.log(b.users)) for key, b in sorted(self.five.items())]

    def hour_rows(self) -> list[tuple[int, int, datetime, int, int]]:
        """Sorted rows by hour."""
        return self._by(lambda bucket: bucket.replace(minute=0))

    def day_rows(self) -> list[tuple[int, int, datetime, int, int]]:
        """Sorted rows by UTC day."""
        return self._by(lambda bucket: bucket.replace(hour=0, minute=0))

    def _by(
        self, start: Callable[[datetime], datetime]
    ) -> list[tuple[int, int, datetime, int, int]]:
        sums: dict[tuple[int, int, datetime, int], int] = {}
        for (project, issue, bucket, environment), five in self.five.items():
            key = (project, issue, start(bucket), environment)
            sums[key] = sums.get(key, 0) + five.events
        return [(*key, events) for key, events in sorted(sums.items())]


def add_up(placed: Iterable[Placed], environments: dict[tuple[int, str], int]) -> Tally:
    """Sum up events in their order; the last one gives level, release and last_seen."""
    tally = Tally(issues={}, users={}, tags={}, five={}, keys={})
    since = until = datetime.min.replace(tzinfo=UTC)
    for one in placed:
        prepared, event, issue = one.prepared, one.prepared.event, one.issue_id
        project, seen = prepared.project_id, prepared.received
        environment = environments[project, event.environment]
        _add_to_issue(tally, one, environment)
        if not since <= seen < until:
            since = five_minutes(seen)
            until = since + FIVE_MINUTES
        at = (project, issue, since, environment)
        bucket = tally.five.get(at)
        if bucket is None:
            bucket = tally.five[at] = Bucket(0, set())
        bucket.events += 1
        if event.user_key:
            bucket.users.add(event.user_key)
            person = person_of(event.user_key)
            _see(tally.users, (project, issue, person, environment), seen)
        for key, value in tags_of(event):
            _see(tally.tags, (project, issue, key, value), seen)
        counted_under = (project, prepared.keys.version, one.via)
        tally.keys[counted_under] = tally.keys.get(counted_under, 0) + 1
    return tally


def tags_of(event: Event) -> Iterator[tuple[str, str]]:
    """The event's tags, and its own attributes that people search and compare by."""
    for key, value in event.tags:
        if key not in _ATTRIBUTES:
            yield key, value
    if event.release:
        yield "release", event.release
    if event.environment:
        yield "environment", event.environment
    yield "level", event.level


def _add_to_issue(tally: Tally, one: Placed, environment: int) -> None:
    prepared, event = one.prepared, one.prepared.event
    issue = tally.issues.get((prepared.project_id, one.issue_id))
    if issue is None:
        issue = IssueTally(prepared.received, set(), [])
        tally.issues[prepared.project_id, one.issue_id] = issue
    issue.level = LEVELS.get(event.level, 40)
    error = event.exceptions[-1] if event.exceptions else None
    unhandled = error is not None and error.handled is False
    issue.unhandled = issue.unhandled or unhandled
    urgency = _urgency(issue.level, unhandled, event.environment)
    issue.priority = max(issue.priority, urgency)
    issue.environments.add(environment)
    issue.sightings.append(one)
    if prepared.received >= issue.last_seen:
        issue.last_seen = prepared.received
        issue.release = event.release or issue.release


@lru_cache(maxsize=1024)
def _urgency(level: int, unhandled: bool, environment: str) -> Priority:
    return priority_of(Facts(level, unhandled, is_production(environment)))


def _see(counts: dict[Key, Span], key: Key, seen: datetime) -> None:
    span = counts.get(key)
    if span is None:
        counts[key] = Span(seen, seen)
        return
    span.count += 1
    if seen > span.last:
        span.last = seen
    elif seen < span.first:
        span.first = seen


@lru_cache(maxsize=4096)
def person_of(user_key: bytes) -> UUID:
    """The key of a person as the tables hold it."""
    return UUID(bytes=user_key)


def five_minutes(moment: datetime) -> datetime:
    """Start of the five-minute bucket."""
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
