"""What happens when a tracker calls: is it who it says, was it heard before, what to look at.

A call is a bell, not a letter: what it says of a ticket is never believed. The ticket is asked
for its state, so that calls may be late, doubled, out of order, or an echo of our own doing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from msgspec import Struct

from alerts import tickets
from alerts.actions.tickets import TicketError, look
from alerts.models import TicketCall, TicketConnection
from alerts.tickets.base import Forged, Garbled, HookError, Incoming, word
from alerts.transports.base import TransportError
from tracker import vault

log = structlog.get_logger(__name__)
MOST = 2 * 1024 * 1024
"""Bytes of a call."""
SHAKING = timedelta(seconds=60)
KEPT = timedelta(days=14)
_HANDSHAKE = re.compile(r"[\x21-\x7e]{16,200}")


class Said(Struct, frozen=True):
    """What to answer: a status, and perhaps a header."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


def hear(uid: UUID, call: Incoming) -> Said:
    """Take a call to a connection's webhook."""
    connection = TicketConnection.objects.filter(uid=uid, enabled=True).first()
    if connection is None or connection.kind not in tickets.registry():
        return Said(404)
    if "x-hook-secret" in call.headers and tickets.get(connection.kind).starts_hook:
        return _shake(connection, call)
    try:
        heard = tickets.get(connection.kind).hear(connection.options(), call)
    except Forged as error:
        log.warning("ticket call refused", connection=connection.pk, why=str(error))
        return Said(401)
    except Garbled:
        return Said(400)
    except (HookError, vault.VaultError) as error:
        log.warning("ticket call not read", connection=connection.pk, why=str(error))
        return Said(401)
    with transaction.atomic():
        _made, fresh = TicketCall.objects.get_or_create(
            connection=connection, delivery=word(heard.delivery, 100), defaults={"at": call.at}
        )
        if fresh:
            TicketConnection.objects.filter(pk=connection.pk).update(last_heard_at=call.at)
            look(connection, heard.tickets, call.at)
    return Said(200)


def start(connection: TicketConnection, url: str, now: datetime) -> None:
    """Have the tracker make its webhook; it shakes hands with `hear` meanwhile.

    Raises TicketError.
    """
    TicketConnection.objects.filter(pk=connection.pk).update(shaking_until=now + SHAKING)
    try:
        tickets.get(connection.kind).start_hook(connection.options(), url)
    except (KeyError, vault.VaultError, TransportError) as error:
        raise TicketError(str(error)) from None
    finally:
        TicketConnection.objects.filter(pk=connection.pk).update(shaking_until=None)


def _shake(connection: TicketConnection, call: Incoming) -> Said:
    """Take the secret that a tracker brings, if we have just asked it to."""
    secret = call.headers["x-hook-secret"]
    if not _HANDSHAKE.fullmatch(secret):
        return Said(400)
    with transaction.atomic():
        row = TicketConnection.objects.select_for_update().get(pk=connection.pk)
        if row.shaking_until is None or row.shaking_until < call.at:
            return Said(401)
        row.keep(row.config, {"hook_secret": secret})
        row.shaking_until = None
        row.save(update_fields=["sealed", "shaking_until"])
    return Said(200, (("X-Hook-Secret", secret),))
