"""Verbs of tickets: ask for them, link one that exists, unlink, try again.

Each takes what the actor may touch and writes the history in the same transaction; what is to
be done over there goes into the outbox of `ticket_work`.

    TicketError     `str()` is for the page
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from msgspec import Struct

from alerts import tickets, wake
from alerts.models import AlertRule, TicketConnection, TicketJob, TicketLink
from alerts.tickets.base import Ticket
from alerts.transports.base import TransportError
from tracker import vault
from tracker.actions.activity import Entry, write_activity
from tracker.models import ActivityKind, Issue, User


class TicketError(Exception):
    """What can't be done with a ticket."""


class Asked(Struct, frozen=True):
    """What came of asking for tickets."""

    links: tuple[int, ...]
    """Ids of the links that were made, or are tried again."""
    skipped: int
    """Issues that have a ticket there, or whose project the connection is not for."""


def ask(
    issues: Sequence[Issue], connection: TicketConnection, actor: User | None, now: datetime,
    rules: dict[int, AlertRule] | None = None,
) -> Asked:  # fmt: skip
    """Have a ticket made for each issue that has none there; `rules` asked, by issue, or `actor`.

    Whoever asks at the same time gets the same ticket.
    """
    fitting = [issue for issue in issues if is_for(connection, issue)]
    with transaction.atomic():
        known = TicketLink.objects.filter(issue__in=[i.pk for i in fitting], connection=connection)
        states: dict[int, set[str]] = {}
        for issue_id, state in known.values_list("issue_id", "state"):
            states.setdefault(issue_id, set()).add(state)
        again = [pk for pk, found in states.items() if found == {TicketLink.State.FAILED}]
        fresh = [
            TicketLink(
                project_id=issue.project_id, issue=issue, connection=connection, asked_by=actor,
                rule=(rules or {}).get(issue.pk), asked_at=now,
            )
            for issue in fitting if not states.get(issue.pk)
        ]  # fmt: skip
        TicketLink.objects.bulk_create(fresh, ignore_conflicts=True)
        stored = TicketLink.objects.filter(marker__in=[link.marker for link in fresh])
        made = list(stored.order_by("pk").values_list("pk", flat=True))
        queue(connection, made, TicketJob.Kind.CREATE)
        failed = known.filter(issue__in=again, state=TicketLink.State.FAILED)
        made += retry(failed) if actor is not None else []
    return Asked(tuple(made), len(issues) - len(made))


def is_for(connection: TicketConnection, issue: Issue) -> bool:
    """Whether an issue's tickets may go there."""
    if connection.project_id is not None:
        return connection.project_id == issue.project_id
    return connection.team_id == issue.project.team_id


def retry(links: QuerySet[TicketLink]) -> list[int]:
    """Make tickets after all that could not be made; returns the links' ids."""
    with transaction.atomic():
        rows = list(links.filter(state=TicketLink.State.FAILED).select_for_update(of=("self",)))
        TicketLink.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=TicketLink.State.WANTED, error=""
        )
        for row in rows:
            # What was given up may exist all the same: it is looked for first.
            queue(row.connection_id, [row.pk], TicketJob.Kind.CREATE, {"again": True})
    return [row.pk for row in rows]


def link(
    issue: Issue, connection: TicketConnection, address: str, actor: User, now: datetime
) -> TicketLink:
    """Link a ticket that exists; asks its tracker. Raises TicketError."""
    if not is_for(connection, issue):
        raise TicketError(f"{connection} is not for {issue.project}.")
    try:
        options = connection.options()
        tracker = tickets.get(connection.kind)
        found = tracker.fetch(options, tracker.read_address(options, address.strip()[:1_000]))
    except (KeyError, vault.VaultError) as error:
        raise TicketError(f"{connection} can't be used: {error}.") from None
    except TransportError as error:
        raise TicketError(f"{connection}: {error}.") from None
    with transaction.atomic():
        row, made = TicketLink.objects.get_or_create(
            issue=issue, connection=connection, remote_id=found.id,
            defaults={"project_id": issue.project_id, "made": False, "asked_by": actor,
                      "asked_at": now, **told(found, now)},
        )  # fmt: skip
        if not made:
            raise TicketError(f"{found.key} is linked already.")
        note(row, actor, now, f"linked the ticket {found.key}")
    return row


def unlink(row: TicketLink, actor: User, now: datetime) -> None:
    """Forget that they belong together; the ticket itself stays as it is."""
    with transaction.atomic():
        TicketLink.objects.filter(pk=row.pk).delete()
        note(row, actor, now, f"unlinked the ticket {row.key}" if row.key else "gave up the ticket")


def look(connection: TicketConnection, remote: Collection[str], now: datetime) -> int:
    """Have tickets looked at, which their tracker says have changed; returns how many are ours."""
    links = TicketLink.objects.filter(connection=connection).exclude(state=TicketLink.State.WANTED)
    found = list(
        links.filter(remote_id__in=list(remote)).order_by("pk").values_list("pk", flat=True)
    )
    queue(connection, found, TicketJob.Kind.LOOK)
    return len(found)


def queue(
    connection: TicketConnection | int, links: Iterable[int], kind: str,
    data: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Put work into the outbox, and ring once it is committed."""
    number = connection if isinstance(connection, int) else connection.pk
    enqueue([
        TicketJob(connection_id=number, link_id=pk, kind=kind, data=data or {}) for pk in links
    ])  # fmt: skip


def enqueue(jobs: Sequence[TicketJob]) -> None:
    """Put jobs into the outbox in their order, and ring once they are committed."""
    if not jobs:
        return
    TicketJob.objects.bulk_create(jobs, ignore_conflicts=True, batch_size=500)
    for number in dict.fromkeys(job.connection_id for job in jobs):
        transaction.on_commit(partial(wake.tickets, number))


def told(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """The columns of a link that say how its ticket is."""
    return {
        "state": TicketLink.State.CLOSED if ticket.closed else TicketLink.State.OPEN,
        "remote_id": ticket.id[:200], "key": ticket.key[:250], "url": safe_url(ticket.url),
        "title": ticket.title[:500], "remote_state": ticket.state[:100],
        "assignee": ticket.assignee[:200], "synced_at": now, "error": "",
    }  # fmt: skip


def safe_url(url: str) -> str:
    """An address that may stand in a link; "" for anything but http."""
    plain = url.startswith(("https://", "http://")) and url.isprintable() and " " not in url
    return url[:1_000] if plain else ""


def note(row: TicketLink, actor: User | None, now: datetime, what: str, text: str = "") -> None:
    """Write into the issue's history. The caller holds a transaction."""
    data = {"what": what, "text": text, "ticket": row.key, "url": row.url}
    write_activity([
        Entry(row.project_id, row.issue_id, ActivityKind.TICKET.value, now, data,
              actor.pk if actor else None)
    ])  # fmt: skip


def test(connection: TicketConnection) -> str:
    """Ask the tracker for the place where tickets go. Raises TicketError."""
    try:
        return tickets.get(connection.kind).probe(connection.options())
    except (KeyError, vault.VaultError, TransportError) as error:
        raise TicketError(str(error)) from None


__all__ = [
    "Asked", "TicketError", "ask", "enqueue", "is_for", "link", "look", "note", "queue", "retry",
    "test", "told", "unlink",
]  # fmt: skip
