"""Lets go what was held back: the held messages of a channel become one.

The most urgent speaks for all, names the next ten and leads to the list; the
others are marked as told in it. What is due while the channel's budget is used up
waits on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Min
from msgspec import Struct

from alerts.actions.notices import list_url
from alerts.actions.telling import told_lately
from alerts.domain import flow, ranking
from alerts.models import Channel, Delivery, LowWater

DIGEST_HEADLINE = "Digest"


class Release(Struct, frozen=True):
    """What was let go."""

    deliveries: tuple[int, ...]
    next_at: datetime | None
    """When the next held message is due."""


def release(now: datetime) -> Release:
    """Fold and queue what is due. One transaction, under the evaluator's lock."""
    held = Delivery.objects.filter(state=Delivery.State.HELD)
    leaving: list[int] = []
    if held.filter(held_until__lte=now).exists():
        with transaction.atomic():
            LowWater.objects.select_for_update().get_or_create(pk=1)
            due = held.filter(held_until__lte=now)
            places = due.values_list("channel_id", "held_for", "part").distinct()
            for channel_id, held_for, part in sorted(places):
                leaving += _release(channel_id, held_for, part, now)
    next_at = held.aggregate(at=Min("held_until"))["at"]
    return Release(tuple(leaving), next_at)


def _release(channel_id: int, held_for: str, part: int, now: datetime) -> list[int]:
    channel = Channel.objects.select_related("project").select_for_update(of=("self",)).get(
        pk=channel_id
    )  # fmt: skip
    rows = Delivery.objects.filter(
        channel=channel, state=Delivery.State.HELD, held_for=held_for, part=part
    )
    if held_for == "digest":
        rows = rows.filter(held_until__lte=now)
    wait = flow.hold(
        channel.flow(told_lately([channel.pk], now)[channel.pk]), now,
        page=rows.filter(page=True).exists(),
    )  # fmt: skip
    if wait is not None:
        rows.update(held_until=wait.until)
        return []
    found = list(rows.order_by("pk"))
    if not found:
        return []
    found.sort(key=lambda each: ranking.rank(each.content), reverse=True)
    return [_let_go(channel, found, held_for, now)]


def _let_go(channel: Channel, rows: Sequence[Delivery], held_for: str, now: datetime) -> int:
    first, rest = rows[0], rows[1:]
    number = len(rows)
    headline = ""
    if held_for == "digest":
        headline = f"{DIGEST_HEADLINE}: {number} alert{'s' if number > 1 else ''}"
    url = list_url(channel.project)
    first.content = ranking.fold([row.content for row in rows], url, headline)
    first.state, first.decided_at = Delivery.State.QUEUED, now
    first.page = any(row.page for row in rows)
    first.save(update_fields=["content", "state", "decided_at", "page"])
    if rest:
        Delivery.objects.filter(pk__in=[row.pk for row in rest]).update(
            state=Delivery.State.FOLDED, folded_into=first.pk
        )
        if held_for == "flow":
            told = channel.flow([])
            channel.folds, channel.folded_at = flow.after_fold(told, now), now
            channel.save(update_fields=["folds", "folded_at"])
    return first.pk
