"""The outbox: claim a delivery under a lease, try it once, write down what came of it.

    queued -> sending -> sent | retry -> sending ... | dead | unsent

Leases and due times are the database's; a worker that dies leaves a lease that runs
out. A receiver may so get a notice twice and tells by the key: at least once.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from alerts import transports, vault
from alerts.actions import acting, covering
from alerts.actions.notices import People, absolute
from alerts.domain import retry
from alerts.models import Channel, Delivery
from alerts.transports.base import (
    Answer,
    Content,
    Disowned,
    Message,
    Misconfigured,
    Notice,
    NotSent,
    TransportError,
)

log = structlog.get_logger(__name__)
OFFERING = frozenset({Delivery.Kind.OPEN, Delivery.Kind.UPDATE, Delivery.Kind.ACK,
                      Delivery.Kind.PERSONAL})  # fmt: skip
"""Kinds of notices about which something can still be done."""
LEASE = timedelta(seconds=60)
"""Longer than any transport takes between two checkpoints."""


class Attempt(msgspec.Struct, frozen=True):
    """What came of an attempt."""

    state: str
    following: tuple[int, ...] = ()
    """Deliveries that had to wait for this one."""
    again_in: float | None = None
    """Seconds until the next attempt."""


def due(limit: int = 500) -> list[int]:
    """Deliveries that could leave now, pages first: new, due again, or left by a dead worker."""
    ready = Delivery.objects.claimable().awake().order_by("-page", "next_attempt_at", "pk")
    return list(ready.values_list("pk", flat=True)[:limit])


def attempt(delivery_id: int) -> Attempt | None:
    """Try a delivery once; None when it is not due, taken by another, or must wait its turn."""
    delivery = claim(delivery_id)
    if delivery is None:
        return None
    if delivery.state != Delivery.State.SENDING:
        return Attempt(delivery.state, following(delivery))  # given up without a try
    try:
        answer = _send(delivery)
    except TransportError as error:
        return _failed(delivery, error)
    except Exception as error:  # a sender's own bug must not lose the alert
        log.exception("sender failed", delivery=delivery.pk, channel=delivery.channel_id)
        return _failed(delivery, TransportError(f"{type(error).__name__} in the sender"))
    settled = _settle(
        delivery, state=Delivery.State.SENT, sent_at=Now(), last_status=answer.status,
        last_error=answer.note, remote=answer.remote[:200],
    )  # fmt: skip
    if settled:
        _count_success(delivery.channel_id)
    return Attempt(Delivery.State.SENT, following(delivery))


def claim(delivery_id: int) -> Delivery | None:
    """Take a delivery for LEASE, or None.

    The state of what is returned says whether to send it: a disabled channel or too many
    deaths settle it here.
    """
    with transaction.atomic():
        delivery = (
            Delivery.objects.claimable()
            .filter(pk=delivery_id)
            .select_related("channel", "incident")
            .select_for_update(skip_locked=True, of=("self",))
            .first()
        )
        if delivery is None:
            return None
        changes = _before(delivery)
        if changes is None:
            return None
        Delivery.objects.filter(pk=delivery.pk).update(**changes)
        delivery.refresh_from_db(fields=["state", "attempts", "reached", "last_error"])
    return delivery


def following(delivery: Delivery) -> tuple[int, ...]:
    """The next delivery of the same incident and channel, if one waits."""
    if delivery.incident_id is None:
        return ()
    later = Delivery.objects.waiting().filter(
        incident=delivery.incident_id, channel=delivery.channel_id, seq__gt=delivery.seq
    )
    return tuple(later.order_by("seq").values_list("pk", flat=True)[:1])


def replay(deliveries: QuerySet[Delivery]) -> list[int]:
    """Queue dead and unsent deliveries again, from the first attempt on; returns their ids."""
    with transaction.atomic():
        ids = list(
            deliveries.filter(state__in=[Delivery.State.DEAD, Delivery.State.UNSENT])
            .select_for_update(of=("self",))
            .values_list("pk", flat=True)
        )
        Delivery.objects.filter(pk__in=ids).update(
            state=Delivery.State.QUEUED, attempts=0, next_attempt_at=Now(), lease_until=None
        )
    return ids


def send_test(channel: Channel, who: str) -> Delivery:
    """Send a test through a channel now; the delivery says what came of it.

    A paused or disabled channel is tried all the same: that is what tests are for.
    """
    people = People([])
    try:
        recipients = transports.get(channel.kind).recipients(
            channel.config, lambda: people.of_team(channel.project.team)
        )
    except KeyError:
        recipients = ()
    notice = Notice(
        title="This is a test: alerts of this channel arrive",
        url=absolute("/admin/"),
        short_id="TEST-1",
        project=channel.project.name,
        level="info",
        trigger="test",
        headline="Test",
        why=f"sent by {who}",
        owner=str(channel.project.team),
    )
    told = Content(notice, recipients=recipients, project_id=channel.project_id)
    delivery = Delivery.objects.create(
        channel=channel, kind=Delivery.Kind.TEST, seq=0, state=Delivery.State.SENDING, attempts=1,
        lease_until=Now() + LEASE, content=msgspec.to_builtins(told),
    )  # fmt: skip
    delivery.refresh_from_db()
    try:
        answer = _send(delivery)
        changes = {"state": Delivery.State.SENT, "sent_at": Now(), "last_status": answer.status,
                   "last_error": answer.note}  # fmt: skip
    except NotSent as error:
        changes = {"state": Delivery.State.UNSENT, "last_error": str(error)}
    except TransportError as error:
        changes = {"state": Delivery.State.DEAD, "last_status": error.status,
                   "last_error": str(error)}  # fmt: skip
    _settle(delivery, **changes)
    if changes["state"] == Delivery.State.SENT:
        _count_success(channel.pk)  # what waited for a paused channel may leave
    delivery.refresh_from_db()
    return delivery


def message_of(delivery: Delivery) -> Message:
    """What a transport is given: the row's snapshot, what was sent before, what can be done."""
    incident = delivery.incident
    content = msgspec.convert(delivery.content, Content)
    issue_id = incident.issue_id if incident else content.issue_id
    root, shared = _root(delivery)
    offers = delivery.kind in OFFERING and issue_id is not None and not content.notice.also
    return Message(
        key=delivery.key,
        kind=delivery.kind,
        seq=delivery.seq,
        incident=incident.uid.hex if incident else "",
        issue_id=issue_id,
        content=content,
        reached=frozenset(delivery.reached),
        root=root,
        shared=shared,
        actions=acting.links(issue_id) if offers and issue_id is not None else (),
    )


def _root(delivery: Delivery) -> tuple[str, bool]:
    """What the receiver calls the newest whole message of the incident; whether it stands for
    others too.
    """
    if delivery.incident_id is None:
        return "", False
    before = Delivery.objects.filter(
        incident=delivery.incident_id, channel=delivery.channel_id, seq__lt=delivery.seq
    ).exclude(remote="")
    latest = before.order_by("-seq", "-pk").values_list("remote", "content").first()
    if latest is None:
        return "", False
    remote, content = latest
    return remote, bool(content.get("notice", {}).get("also"))


def _before(delivery: Delivery) -> dict[str, Any] | None:
    """What to write before the attempt; None: not now."""
    channel = delivery.channel
    page = delivery.page
    if not channel.enabled:
        return {"state": Delivery.State.UNSENT, "last_error": "not sent: the channel is disabled",
                "lease_until": None}  # fmt: skip
    if retry.delay(delivery.attempts, 0.5, page=page) is None:
        return {"state": Delivery.State.DEAD, "last_error": "the worker died on every attempt",
                "lease_until": None}  # fmt: skip
    if channel.paused_until is not None:
        # One probe at a time: who moves the date may try.
        gate = Channel.objects.filter(pk=channel.pk, paused_until__lte=Now())
        if not gate.update(paused_until=Now() + retry.PROBE_EVERY):
            return None
    return {"state": Delivery.State.SENDING, "attempts": F("attempts") + 1,
            "lease_until": Now() + LEASE}  # fmt: skip


def _send(delivery: Delivery) -> Answer:
    try:
        transport = transports.get(delivery.channel.kind)
        options = delivery.channel.options()
    except KeyError:
        raise Misconfigured(f"no sender for {delivery.channel.kind}") from None
    except vault.VaultError as error:
        raise Misconfigured(f"its secret can't be opened: {error}") from None

    def checkpoint(recipient: str) -> None:
        delivery.reached = [*delivery.reached, recipient]
        _mine(delivery).update(reached=delivery.reached, lease_until=Now() + LEASE)

    return transport.send(message_of(delivery), options, checkpoint)


def _failed(delivery: Delivery, error: TransportError) -> Attempt:
    """Write down a failure: not sent at all, dead, or to be tried again."""
    told = {"last_status": error.status, "last_error": str(error)[:500]}
    if isinstance(error, NotSent):
        _settle(delivery, state=Delivery.State.UNSENT, **told)
        return Attempt(Delivery.State.UNSENT, following(delivery))
    roll = random.random()  # noqa: S311 - jitter, not a secret
    wait = retry.delay(delivery.attempts, roll, error.retry_after, page=delivery.page)
    if error.permanent or wait is None:
        settled = _settle(delivery, state=Delivery.State.DEAD, **told)
        outcome = Attempt(Delivery.State.DEAD, following(delivery))
    else:
        again = Now() + timedelta(seconds=wait)
        settled = _settle(delivery, state=Delivery.State.RETRY, next_attempt_at=again, **told)
        outcome = Attempt(Delivery.State.RETRY, again_in=wait)
    if settled:
        _count_failure(delivery.channel_id, told["last_error"], pause=isinstance(error, Disowned))
        helping = _help(delivery, error)
        return msgspec.structs.replace(outcome, following=(*outcome.following, *helping))
    return outcome


def _help(delivery: Delivery, error: TransportError) -> list[int]:
    """Deliveries of other channels that a failure leads to."""
    delivery.refresh_from_db(fields=["state", "attempts", "last_error"])
    dead = delivery.state == Delivery.State.DEAD
    disowned = isinstance(error, Disowned)
    stuck = dead or disowned or delivery.attempts >= covering.AFTER
    found = covering.cover() if delivery.page and stuck else []
    if (dead or disowned) and delivery.kind != Delivery.Kind.TROUBLE:
        told = covering.tell_trouble(delivery.channel, delivery.last_error)
        found += [told] if told is not None else []
    return found


def _count_success(channel_id: int) -> None:
    Channel.objects.filter(pk=channel_id).update(
        failures=0, paused_until=None, last_error="", last_sent_at=Now()
    )


def _count_failure(channel_id: int, error: str, *, pause: bool = False) -> None:
    channels = Channel.objects.filter(pk=channel_id)
    channels.update(failures=F("failures") + 1, last_error=error)
    if not pause:
        channels = channels.filter(failures__gte=retry.PAUSE_AFTER)
    channels.update(paused_until=Now() + retry.PROBE_EVERY)


def _mine(delivery: Delivery) -> QuerySet[Delivery]:
    """The row, if nobody took it over after the lease ran out."""
    return Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.SENDING, attempts=delivery.attempts
    )


def _settle(delivery: Delivery, **changes: Any) -> bool:
    return bool(_mine(delivery).update(lease_until=None, **changes))
