"""What another channel does for one that fails: takes its pages, tells that it gave up."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from alerts import transports
from alerts.actions.notices import People, absolute
from alerts.models import Channel, Delivery
from alerts.transports.base import Content, Notice

FALLBACK = 2
"""The part of a delivery that a fallback channel takes over."""
AFTER = 3
"""Failed attempts after which a page is given to the fallback."""
TROUBLE_EVERY = timedelta(hours=1)
MOST = 200


def cover() -> list[int]:
    """Give pages that a channel can't deliver to its fallback; returns the new deliveries' ids."""
    taken = Delivery.objects.filter(
        incident=OuterRef("incident"), kind=OuterRef("kind"), seq=OuterRef("seq"), part=FALLBACK,
        channel=OuterRef("channel__fallback"),
    )  # fmt: skip
    stuck = (
        Delivery.objects.filter(
            page=True, incident__isnull=False, channel__fallback__isnull=False,
            state__in=["queued", "retry", "sending", "dead"],
            created_at__gt=Now() - timedelta(days=1),
        )
        .filter(
            Q(attempts__gte=AFTER) | Q(state="dead") | Q(channel__paused_until__gt=Now())
        )
        .exclude(Q(part=FALLBACK) | Q(kind=Delivery.Kind.ACK))
        .filter(~Exists(taken))
        .select_related("channel__fallback__project__team", "incident__issue__project")
    )  # fmt: skip
    made = [_taken_over(delivery) for delivery in stuck.order_by("pk")[:MOST]]
    Delivery.objects.bulk_create([each for each in made if each], ignore_conflicts=True)
    keys = [(each.incident_id, each.channel_id, each.kind, each.seq) for each in made if each]
    found = Delivery.objects.filter(
        part=FALLBACK, state=Delivery.State.QUEUED, incident__in=[key[0] for key in keys]
    )
    return list(found.order_by("pk").values_list("pk", flat=True))


def _taken_over(delivery: Delivery) -> Delivery | None:
    fallback, incident = delivery.channel.fallback, delivery.incident
    if fallback is None or incident is None or not fallback.enabled:
        return None
    content = {**delivery.content, "recipients": list(_recipients(fallback, delivery))}
    return Delivery(
        incident=incident, channel=fallback, kind=delivery.kind, seq=delivery.seq, part=FALLBACK,
        page=True, content=content,
    )  # fmt: skip


def _recipients(channel: Channel, delivery: Delivery) -> tuple[str, ...]:
    incident = delivery.incident
    issue = incident.issue if incident is not None else None
    people = People([issue] if issue is not None else [])
    try:
        return transports.get(channel.kind).recipients(
            channel.config,
            lambda: people.of(issue) if issue is not None else people.of_team(channel.project.team),
        )
    except KeyError:
        return ()


def tell_trouble(channel: Channel, error: str) -> int | None:
    """Say through another channel that one fails; at most once an hour. The delivery's id."""
    recent = Delivery.objects.filter(
        kind=Delivery.Kind.TROUBLE, channel__project=channel.project_id,
        created_at__gt=Now() - TROUBLE_EVERY,
    )  # fmt: skip
    others = (
        Channel.objects.filter(project=channel.project_id, enabled=True, paused_until__isnull=True)
        .exclude(pk=channel.pk)
        .exclude(kind__in=transports.for_people())
    )
    other = others.select_related("project__team").order_by("failures", "pk").first()
    if other is None or recent.exists():
        return None
    people = People([])
    try:
        recipients = transports.get(other.kind).recipients(
            other.config, lambda: people.of_team(other.project.team)
        )
    except KeyError:
        recipients = ()
    notice = Notice(
        title=f"The channel {channel.name} does not deliver",
        url=absolute("/admin/alerts/delivery/?state__exact=dead"),
        short_id=other.project.slug.upper(),
        project=other.project.name,
        level="warning",
        trigger="trouble",
        headline="Alerts do not arrive",
        why=error,
        owner=str(other.project.team),
    )
    content = Content(notice, recipients=recipients, project_id=other.project_id)
    made = Delivery.objects.create(
        channel=other, kind=Delivery.Kind.TROUBLE, seq=0, content=msgspec.to_builtins(content)
    )
    return made.pk
