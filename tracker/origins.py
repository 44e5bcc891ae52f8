"""Where an issue comes from: its owner by rule, deploys around it, its first days.

`with_origin` loads all of it with the issue itself, in one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Max, Min, OuterRef, QuerySet, Sum
from django.db.models.functions import JSONObject
from msgspec import Struct

from tracker.domain.suspects import Rollout, Start, Suspect, seen_earlier, suspect
from tracker.models import (
    Activity,
    ActivityKind,
    Deploy,
    Issue,
    IssueOwner,
    Release,
    RollupDay,
)  # fmt: skip
from tracker.models.issue import IssueQuerySet

BEFORE = 20
"""Deploys before an event among which the suspect is looked for."""
ON_CHART = 40
REACHED = (Deploy.Status.STARTED, Deploy.Status.SUCCEEDED)
"""A deploy that failed brought nothing."""


class Owned(Struct, frozen=True):
    """The rule that an issue fell under."""

    revision: int
    line: int
    rule: str
    value: str
    owners: tuple[str, ...]

    def __str__(self) -> str:
        return f"→ {' '.join(self.owners) or 'nobody'} by line {self.line}"


class Origin(Struct, frozen=True):
    """What is known of where an issue comes from."""

    owner: Owned | None = None
    suspect: Suspect | None = None
    seen_earlier: str = ""
    rollouts: tuple[Rollout, ...] = ()
    """Deploys of the time that charts show."""


def with_origin(rows: IssueQuerySet, since: datetime) -> IssueQuerySet:
    """The issues with what `origin_of` needs; `since`: where charts begin."""
    deploys = Deploy.objects.filter(project=OuterRef("project_id"), status__in=REACHED)
    newest = deploys.order_by("-started_at", "-pk")
    days = RollupDay.objects.filter(project_id=OuterRef("project_id"), issue_id=OuterRef("pk"))
    spread = days.order_by().values("environment_id")
    spread = spread.annotate(first=Min("bucket"), last=Max("bucket"), total=Sum("events"))
    return with_owner(rows).annotate(
        origin_first=_told(newest.filter(started_at__lte=OuterRef("first_seen"))[:BEFORE]),
        origin_again=_told(newest.filter(started_at__lte=OuterRef("state_changed_at"))[:BEFORE]),
        origin_chart=_told(newest.filter(started_at__gte=since)[:ON_CHART]),
        origin_days=ArraySubquery(
            spread.values(
                pair=JSONObject(
                    environment="environment_id", first="first", last="last", events="total"
                )
            )
        ),
    )


def with_owner(rows: IssueQuerySet) -> IssueQuerySet:
    """The issues with the rule that each fell under, in the same query."""
    owner = IssueOwner.objects.filter(project_id=OuterRef("project_id"), issue_id=OuterRef("pk"))
    told = JSONObject(revision="revision", line="line", rule="rule", value="value", owners="owners")
    return rows.annotate(origin_owner=ArraySubquery(owner.values(told=told)))


def _told(rows: QuerySet[Deploy]) -> ArraySubquery:
    return ArraySubquery(
        rows.values(
            told=JSONObject(
                id="pk", release="release__version", release_id="release_id",
                environment="environment__name", at="started_at", actor="actor", url="url",
            )
        )
    )  # fmt: skip


def origin_of(issue: Issue, past: Sequence[Activity], names: Mapping[int, str]) -> Origin:
    """Of an issue loaded `with_origin`. `past`: its history; `names`: of environments, by id."""
    start = start_of(issue, past)
    around = "origin_again" if start.came_back else "origin_first"
    return Origin(
        owner=owned_of(issue),
        suspect=suspect(_rollouts(getattr(issue, around, [])), start),
        seen_earlier=seen_earlier(_first_days(issue, names)),
        rollouts=_rollouts(getattr(issue, "origin_chart", [])),
    )


def owned_of(issue: Issue) -> Owned | None:
    """The rule that an issue fell under, if it was loaded `with_owner`."""
    owners: list[dict[str, Any]] = getattr(issue, "origin_owner", [])
    return _owned(owners[0]) if owners else None


def start_of(issue: Issue, past: Sequence[Activity]) -> Start:
    """The event that brought the issue back last, else the one that opened it."""
    for entry in past:  # newest first
        came_back = entry.kind == ActivityKind.REGRESSED
        if (came_back and issue.status == Issue.Status.UNRESOLVED) or (
            entry.kind == ActivityKind.FIRST_SEEN
        ):
            data = entry.data if isinstance(entry.data, dict) else {}
            return Start(
                entry.created_at,
                str(data.get("release") or ""),
                str(data["environment"]) if "environment" in data else None,
                came_back,
            )
    release = issue.first_release.version if issue.first_release else ""
    return Start(issue.first_seen, release)


def suspect_of(
    issue: Issue, at: datetime, release: Release | None, environment: str | None, came_back: bool
) -> Suspect | None:
    """The suspect deploy of an arrival, where the page's columns are not at hand; one query."""
    rows = Deploy.objects.filter(
        project=issue.project_id, status__in=REACHED, started_at__lte=at
    ).order_by("-started_at", "-pk")
    start = Start(at, release.version if release else "", environment, came_back)
    return suspect(_listed(rows[:BEFORE]), start)


def marks_of(rollouts: Iterable[Rollout]) -> list[tuple[datetime, str]]:
    """What charts say of deploys."""
    return [(one.at, f"{one.release} → {one.environment or 'none'}") for one in rollouts]


def deploys_of(project_id: int, since: datetime, release_id: int | None = None) -> list[Rollout]:
    """A project's deploys since a moment, newest first; one query."""
    rows = Deploy.objects.filter(
        project=project_id, started_at__gte=since, status__in=REACHED
    ).order_by("-started_at", "-pk")
    if release_id is not None:
        rows = rows.filter(release=release_id)
    return _listed(rows[:ON_CHART])


def _listed(rows: QuerySet[Deploy]) -> list[Rollout]:
    named = rows.annotate(version=F("release__version"), where=F("environment__name"))
    return [
        Rollout(number, version, release, environment, at, actor, url)
        for number, version, release, environment, at, actor, url in named.values_list(
            "pk", "version", "release_id", "where", "started_at", "actor", "url"
        )
    ]


def _first_days(issue: Issue, names: Mapping[int, str]) -> dict[str, date]:
    """Hidden environments are absent from `names`, and so here."""
    pairs: list[dict[str, Any]] = getattr(issue, "origin_days", [])
    return {
        names[pair["environment"]]: datetime.fromisoformat(pair["first"]).date()
        for pair in pairs
        if pair["environment"] in names
    }


def _rollouts(told: Sequence[dict[str, Any]]) -> tuple[Rollout, ...]:
    return tuple(Rollout(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in told)


def _owned(told: dict[str, Any]) -> Owned:
    return Owned(**{**told, "owners": tuple(told["owners"])})
