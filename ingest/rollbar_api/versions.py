"""Versions: when one was first and last heard of, who deployed it, and what it did."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ingest.auth import Sender
from ingest.rollbar_api.base import (
    ApiView,
    known_word,
    missing,
    ok,
)
from ingest.rollbar_api.items import NUMBERS, item_shapes
from ingest.rollbar_api.payload import level_word
from ingest.rollbar_api.shapes import seconds
from tracker import health
from tracker.models import Deploy, Issue, Release, ReleaseUse
from tracker.models.coarse import order
from tracker.models.issue import IssueQuerySet

SHOWN = 100
COUNTED = 10_000
EVENTS = ("new", "reactivated", "repeated", "resolved")


def release_of(sender: Sender, version: str) -> Release:
    """The project's release. Raises BadBody."""
    found = Release.objects.filter(project=sender.project_id, version=version[:200]).first()
    if found is None:
        raise missing("version in this project")
    return found


def issues_of(release: Release, event: str, where: list[int] | None) -> IssueQuerySet:
    """The issues that were new, came back, went on or were resolved in a release."""
    fresh, back = health.new_in(release), health.regressed_in(release)
    match event:
        case "new":
            rows = fresh
        case "reactivated":
            rows = back
        case "resolved":
            rows = health.resolved_in(release)
        case _:
            rows = (
                Issue.objects.live()
                .filter(project=release.project_id, last_release=release)
                .exclude(pk__in=fresh.values("pk"))
                .exclude(pk__in=back.values("pk"))
            )
    return rows if where is None else rows.filter(environments__overlap=where)


class Version(ApiView):
    """`/api/1/versions/<version>`."""

    def get(self, request: Request, version: str) -> Response:
        """What is known of it in an environment, else in all. Raises Refused."""
        asked = self.asked(request)
        sender, names, where = asked.sender, asked.names, asked.where
        release = release_of(sender, version)
        uses = ReleaseUse.objects.filter(project_id=sender.project_id, release_id=release.pk)
        deploys = Deploy.objects.filter(release=release)
        if where is not None:
            uses = uses.filter(environment_id__in=where)
            deploys = deploys.filter(environment__in=where)
        spans = list(uses)
        first = min((use.first_seen for use in spans), default=None)
        last = max((use.last_seen for use in spans), default=None)
        deploy = deploys.order_by("-started_at", "-pk").first()
        only = names[where[0]] if where and len(where) == 1 else None
        verdict = health.assess(release, only, datetime.now(UTC))
        return ok(
            {
                "id": release.pk,
                "version": release.version,
                "environment": asked.raw.GET.get("environment", "") or "any",
                "date_created": seconds(release.created_at),
                "first_occurrence_id": None,
                "first_occurrence_timestamp": seconds(first),
                "last_occurrence_id": None,
                "last_occurrence_timestamp": seconds(last),
                "total_occurrences": sum(use.events for use in spans),
                "deployed_by": deploy.actor if deploy else None,
                "last_deploy_timestamp": seconds(deploy.started_at) if deploy else None,
                "item_stats": {name: _levels(issues_of(release, name, where)) for name in EVENTS},
                "verdict": verdict.health.verdict.value,
            }
        )  # fmt: skip


def _levels(rows: IssueQuerySet) -> dict[str, Any]:
    """How many items of each level."""
    numbers = Counter(rows.order_by().values_list("level", flat=True)[:COUNTED])
    by_word = {level_word(Issue(level=number).level_name): n for number, n in numbers.items()}
    return {word: by_word.get(word, 0) for word in NUMBERS}


class VersionItems(ApiView):
    """`/api/1/versions/<version>/items`."""

    def get(self, request: Request, version: str) -> Response:
        """Those that were `event=` new, reactivated, repeated or resolved in it. Raises Refused."""
        asked = self.asked(request)
        release = release_of(asked.sender, version)
        event = known_word(asked.raw.GET.get("event", "") or "new", EVENTS, "event")
        found = issues_of(release, event, asked.where).select_related("project", "resolved_release")
        return ok(
            {"items": item_shapes(found.order_by(*order("-last_seen", "-pk"))[:SHOWN], asked)}
        )
