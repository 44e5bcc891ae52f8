"""What the verdict on a release is made of: arrival, predecessor, issues, events, sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Min, Q
from django.db.models.fields.json import KeyTextTransform
from msgspec import Struct

from tracker import release_counts, sessions
from tracker.domain import release_health
from tracker.domain.release_health import MOST_AGE, Health, Limits, Side
from tracker.domain.versions import Known
from tracker.models import (
    Activity,
    ActivityKind,
    Deploy,
    Environment,
    Issue,
    Release,
    ReleaseUse,
    SessionHour,
)  # fmt: skip
from tracker.models.issue import IssueQuerySet

CANDIDATES = 300
"""Releases among which a predecessor is looked for, the newest."""
LEVEL_ERROR = 40


class Assessed(Struct, frozen=True):
    """A verdict and what it was made of."""

    health: Health
    side: Side | None
    before: Side | None
    new: IssueQuerySet
    regressed: IssueQuerySet


def assess(
    release: Release, environment: str | None, now: datetime, limits: Limits | None = None,
    over: timedelta = MOST_AGE,
) -> Assessed:  # fmt: skip
    """Judge a release in an environment (None: in all) against its predecessor at equal age.

    `over`: how much of its time there counts; what came later is left out, issues included.
    """
    where = None
    if environment is not None:
        named = Environment.objects.filter(project=release.project_id, name=environment)
        where = list(named.values_list("pk", flat=True))
    since = arrival(release, where)
    side = before = None
    if since is not None and since <= now:
        side = _side(release, since, min(now - since, over), where)
        before = _before(release, where, side.age)
    until = since + over if since is not None and over < MOST_AGE else None
    new, regressed = new_in(release), regressed_in(release, until)
    if until is not None:
        new = new.filter(first_seen__lte=until)
    if where is not None:
        new = new.filter(environments__overlap=where)
        regressed = regressed.filter(environments__overlap=where)
    health = release_health.judge(
        side, before, new.filter(level__gte=LEVEL_ERROR).count(), regressed.count(), limits
    )
    return Assessed(health, side, before, new, regressed)


def new_in(release: Release) -> IssueQuerySet:
    """Issues first seen in a release."""
    found = Issue.objects.live().filter(project=release.project_id, first_release=release)
    return found.order_by("-events", "-pk")


def resolved_in(release: Release) -> IssueQuerySet:
    """Issues that somebody resolved in a release."""
    found = Issue.objects.live().filter(project=release.project_id, resolved_release=release)
    return found.order_by("-resolved_at", "-pk")


def regressed_in(release: Release, until: datetime | None = None) -> IssueQuerySet:
    """Issues that an event of a release brought back, until then."""
    back = Activity.objects.filter(
        project=release.project_id, kind=ActivityKind.REGRESSED, issue__isnull=False
    ).annotate(version=KeyTextTransform("release", "data"))
    if until is not None:
        back = back.filter(created_at__lte=until)
    ids = list(back.filter(version=release.version).values_list("issue", flat=True)[:1_000])
    found = Issue.objects.live().filter(project=release.project_id, pk__in=ids)
    return found.order_by("-events", "-pk")


def arrival(release: Release, where: Sequence[int] | None) -> datetime | None:
    """When a release came to some environments (None: anywhere): by deploy, event or session."""
    deploys = Deploy.objects.filter(release=release, status__in=["started", "succeeded"])
    of_release = Q(project_id=release.project_id, release_id=release.pk)
    uses, hours = ReleaseUse.objects.filter(of_release), SessionHour.objects.filter(of_release)
    if where is not None:
        deploys = deploys.filter(environment__in=where)
        uses, hours = uses.filter(environment_id__in=where), hours.filter(environment_id__in=where)
    for rows, name in ((deploys, "started_at"), (uses, "first_seen"), (hours, "bucket")):
        found: datetime | None = rows.aggregate(first=Min(name))["first"]
        if found is not None:
            return found
    return None


def known(release: Release) -> Known:
    """As versions are compared."""
    told = release.source != Release.Source.EVENT
    at = release.released_at or release.created_at
    return Known(release.version, at, told, release.ignored)


def predecessor(release: Release, where: Sequence[int] | None) -> Release | None:
    """The next older release that was in the same environments."""
    others = Release.objects.filter(project=release.project_id).exclude(pk=release.pk)
    if where is not None:
        deployed = Deploy.objects.filter(project=release.project_id, environment__in=where)
        sent = ReleaseUse.objects.filter(project_id=release.project_id, environment_id__in=where)
        ran = SessionHour.objects.filter(project_id=release.project_id, environment_id__in=where)
        others = others.filter(
            Q(pk__in=deployed.values("release"))
            | Q(pk__in=sent.values("release_id"))
            | Q(pk__in=ran.values("release_id"))
        )
    rows = {row.version: row for row in others.order_by("-created_at")[:CANDIDATES]}
    found = release_health.predecessor(known(release), [known(row) for row in rows.values()])
    return rows[found.version] if found else None


def _before(release: Release, where: Sequence[int] | None, age: timedelta) -> Side | None:
    """The predecessor at the same age; None without one that is still counted."""
    older = predecessor(release, where)
    since = arrival(older, where) if older else None
    return _side(older, since, age, where) if older and since else None


def _side(release: Release, since: datetime, age: timedelta, where: Sequence[int] | None) -> Side:
    until, project = since + age, release.project_id
    counted = sessions.figures(
        project,
        since.replace(minute=0, second=0, microsecond=0),
        until,
        release_id=release.pk,
        environment_ids=where,
    )
    events = release_counts.between(project, release.pk, since, until, where)
    return Side(release.version, since, age, events, counted.total, counted.crashed)
