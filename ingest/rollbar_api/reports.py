"""Reports: the busiest items, and occurrences over time; from rollups, never from events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from rest_framework.request import Request
from rest_framework.response import Response

from ingest.adapters.base import Unusable
from ingest.rollbar_api.base import (
    ApiView,
    Asked,
    count,
    item,
    items,
    known_word,
    ok,
    whole,
)
from ingest.rollbar_api.items import NUMBERS
from ingest.rollbar_api.shapes import beside, environment_of, item_shape, seconds
from tracker.domain.trends import HOUR, floor_to
from tracker.models import Issue, Rollup5m, RollupDay, RollupHour

ROWS = 10
MOST_HOURS = 24 * 14
BUCKETS: dict[int, type[Rollup5m | RollupHour | RollupDay]] = {
    300: Rollup5m, 3_600: RollupHour, 86_400: RollupDay,
}  # fmt: skip
"""Seconds of a bucket, and where it is counted."""
MOST_BUCKETS = 1_000


class TopActive(ApiView):
    """`/api/1/reports/top_active_items`."""

    def get(self, request: Request) -> Response:
        """The busiest items of some hours with their hourly counts. Raises Refused."""
        asked = self.asked(request, "environments", "environment")
        raw, sender, names, where = asked.raw, asked.sender, asked.names, asked.where
        hours = count(raw, "hours", 24, MOST_HOURS)
        since = floor_to(datetime.now(UTC), HOUR) - (hours - 1) * HOUR
        rows = RollupHour.objects.filter(project_id=sender.project_id, bucket__gte=since)
        if where is not None:
            rows = rows.filter(environment_id__in=where)
        totals = list(
            rows.order_by().values_list("issue_id").annotate(n=Sum("events")).order_by("-n")[:1_000]
        )
        found = {row.pk: row for row in items(sender).filter(pk__in=[pk for pk, _ in totals])}
        ranked = [(found[pk], n) for pk, n in totals if pk in found]
        if raw.GET.get("sort") == "unique":
            ranked.sort(key=lambda pair: -pair[0].users)
        ranked = ranked[:ROWS]
        spread = _hourly(rows, [issue.pk for issue, _ in ranked])
        known = beside([issue for issue, _ in ranked], names)
        steps = [since + step * HOUR for step in range(hours)]
        return ok(
            [
                {
                    "item": {
                        **item_shape(issue, known, where or ()),
                        "occurrences": n,
                        "level": issue.level,
                        "environment": environment_of(issue, names, where or ()),
                    },
                    "counts": [spread.get((issue.pk, step), 0) for step in steps],
                }
                for issue, n in ranked
            ]
        )


def _hourly(rows: QuerySet[RollupHour], issues: list[int]) -> dict[tuple[int, datetime], int]:
    parts = rows.filter(issue_id__in=issues).order_by().values_list("issue_id", "bucket")
    return {(pk, bucket): n for pk, bucket, n in parts.annotate(n=Sum("events"))}


class OccurrenceCounts(ApiView):
    """`/api/1/reports/occurrence_counts`."""

    def get(self, request: Request) -> Response:
        """[start, events] of each bucket, oldest first. Raises Refused, Unusable."""
        asked = self.asked(request, "environments", "environment")
        raw = asked.raw
        size = count(raw, "bucket_size", 3_600, 86_400)
        if size not in BUCKETS:
            raise Unusable("bucket_size is 300, 3600 or 86400: nothing finer is counted.")
        step, buckets = timedelta(seconds=size), count(raw, "buckets", 60, MOST_BUCKETS)
        since = floor_to(datetime.now(UTC), step) - (buckets - 1) * step
        rows = BUCKETS[size].objects.filter(project_id=asked.sender.project_id, bucket__gte=since)
        rows = _narrowed(asked, rows)
        totals: dict[datetime, int] = dict(
            rows.order_by().values_list("bucket").annotate(n=Sum("events"))
        )
        starts = [since + number * step for number in range(buckets)]
        return ok([[seconds(start), totals.get(start, 0)] for start in starts])


def _narrowed(asked: Asked, rows: Any) -> Any:
    """The counts that the address asks for. Raises Refused, Unusable."""
    raw, sender = asked.raw, asked.sender
    if asked.where is not None:
        rows = rows.filter(environment_id__in=asked.where)
    if raw.GET.get("item_id"):
        found = item(sender, whole(raw.GET["item_id"]))
        rows = rows.filter(issue_id__in=found.sources())
    if raw.GET.get("min_level"):
        least = NUMBERS[known_word(raw.GET["min_level"], [*NUMBERS], "min_level")]
        grave = Issue.objects.filter(project=sender.project_id, level__gte=least)
        rows = rows.filter(issue_id__in=grave.values("pk"))
    return rows
