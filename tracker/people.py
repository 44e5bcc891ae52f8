"""Who was hit: people of an issue, issues of a person; known by a keyed hash, told by events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from tracker.domain.scrub import user_key
from tracker.models import Issue, IssueUser, Project
from tracker.models.issue import IssueQuerySet
from tracker.payloads import PayloadError, unpack
from tracker.sql import run

PAGE = 50
LOOKED_THROUGH = 2_000
"""Newest events of an issue in which people are looked for; others stay without a name."""
MOST_ISSUES = 200


@dataclass(frozen=True, slots=True)
class Person:
    """One person, as an issue met them."""

    key: UUID
    first_seen: datetime
    last_seen: datetime
    events: int
    known: tuple[tuple[str, str], ...]
    """What the newest event says of them: id, e-mail ... ; empty when none is near."""
    event_id: str
    """That event, in hex; "" without one."""

    @property
    def name(self) -> str:
        """The best of what is known."""
        return self.known[0][1] if self.known else f"someone …{self.key.hex[-6:]}"


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Some people of an issue, and where the list goes on."""

    people: tuple[Person, ...]
    older: str = ""


def hit_by(issue: Issue, cursor: str = "") -> PeoplePage:
    """People that an issue met, the latest first; two queries."""
    rows = IssueUser.objects.filter(project_id=issue.project_id, issue_id=issue.pk)
    at, _, key = cursor.partition("~")
    try:
        moment, last = datetime.fromisoformat(at), UUID(key)
    except ValueError:
        pass
    else:
        if moment.tzinfo:
            rows = rows.filter(last_seen__lte=moment).filter(
                Q(last_seen__lt=moment) | Q(user_key__lt=last)
            )
    found = list(rows.order_by("-last_seen", "-user_key")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    told = newest_of(issue.project_id, issue.pk, [row.user_key for row in found])
    people = tuple(_person(row, told) for row in found)
    older = f"{found[-1].last_seen.isoformat()}~{found[-1].user_key.hex}" if more else ""
    return PeoplePage(people, older)


Told = dict[UUID, tuple[str, tuple[tuple[str, str], ...]]]


def _person(row: IssueUser, told: Told) -> Person:
    event_id, known = told.get(row.user_key, ("", ()))
    return Person(row.user_key, row.first_seen, row.last_seen, row.events, known, event_id)


_NEWEST = """
SELECT DISTINCT ON (user_key) user_key, event_id, dictionary, payload FROM (
  SELECT user_key, event_id, dictionary, payload, received_at FROM tracker_event
  WHERE project_id = %s AND issue_id = %s ORDER BY received_at DESC, event_id DESC LIMIT %s
) q WHERE user_key = ANY(%s) ORDER BY user_key, received_at DESC
"""


def newest_of(project_id: int, issue_id: int, keys: Sequence[UUID]) -> Told:
    """What the newest events say of some people: (event id, what is known) by key."""
    rows = run(_NEWEST, [project_id, issue_id, LOOKED_THROUGH, list(keys)]) if keys else ()
    return {
        key: (event.hex, facts(payload, dictionary)) for key, event, dictionary, payload in rows
    }


def facts(payload: bytes, dictionary: int) -> tuple[tuple[str, str], ...]:
    """What a stored event says of its user, the most telling first."""
    try:
        user = unpack(bytes(payload), dictionary).get("user")
    except PayloadError:
        return ()
    if not isinstance(user, dict):
        return ()
    names = ("email", "username", "name", "id", "ip_address")
    found = [(name.replace("_", " "), str(user[name])) for name in names if user.get(name)]
    geo: Any = user.get("geo")
    if isinstance(geo, dict):
        place = ", ".join(str(geo[k]) for k in ("city", "region", "country_code") if geo.get(k))
        found += [("place", place)] if place else []
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Met:
    """An issue that a person met."""

    issue: Issue
    first_seen: datetime
    last_seen: datetime
    events: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """One person across the issues of a project."""

    person: Person
    met: tuple[Met, ...]
    more: bool


def dossier(project: Project, key: UUID, visible: IssueQuerySet) -> Dossier | None:
    """What a person met in a project, the latest first; None when nobody has this key."""
    rows = list(
        IssueUser.objects.filter(project_id=project.pk, user_key=key)
        .order_by("-last_seen", "-issue_id")[: MOST_ISSUES + 1]
    )  # fmt: skip
    if not rows:
        return None
    issues = {
        issue.pk: issue
        for issue in visible.filter(project=project, pk__in=[row.issue_id for row in rows])
    }
    told: Told = {}
    for row in rows[:3]:
        told = told or newest_of(project.pk, row.issue_id, [key])
    event_id, known = told.get(key, ("", ()))
    person = Person(
        key, min(row.first_seen for row in rows), rows[0].last_seen,
        sum(row.events for row in rows), known, event_id,
    )  # fmt: skip
    met = tuple(_met(rows[:MOST_ISSUES], issues, project))
    return Dossier(person, met, len(rows) > MOST_ISSUES)


def _met(rows: Iterable[IssueUser], issues: dict[int, Issue], project: Project) -> list[Met]:
    found = []
    for row in rows:
        issue = issues.get(row.issue_id)
        if issue is not None:
            issue.project = project
            found.append(Met(issue, row.first_seen, row.last_seen, row.events))
    return found


def key_of(project: Project, identity: str) -> UUID:
    """The key of a person of whom one knows the id, else the e-mail, name or full address."""
    return UUID(bytes=user_key(bytes(project.salt), identity.strip()))
