"""Follows letters: what becomes of an issue is told to its tickets.

Called by the evaluator within its transaction, so that each letter is followed once. What is
asked for hangs on how issue and ticket are now, not on the letter alone: a ticket that closed
its issue itself is closed already, and nothing comes back around.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alerts.actions.desk import losers_of
from alerts.actions.happening import happening_of
from alerts.actions.tickets import enqueue
from alerts.models import TicketConnection, TicketJob, TicketLink
from tracker.models import Activity, ActivityKind, Issue

_AWAY = ActivityKind.RESOLVED.value
_BACK = frozenset({ActivityKind.REGRESSED.value, ActivityKind.REOPENED.value,
                   ActivityKind.UNDONE.value})  # fmt: skip
_FOLLOWED = _BACK | {_AWAY, ActivityKind.ASSIGNED.value, ActivityKind.MERGED.value}


def follow(letters: Sequence[Activity]) -> None:
    """Put into the outbox what letters mean for tickets. The caller holds a transaction."""
    read = [letter for letter in letters if letter.kind in _FOLLOWED and letter.issue_id]
    if not read:
        return
    _move(read)
    rows = TicketLink.objects.filter(issue__in={letter.issue_id for letter in read})
    links: dict[int, list[TicketLink]] = {}
    for link in (
        rows.exclude(state__in=_NOWHERE).select_related("connection", "issue").order_by("pk")
    ):
        links.setdefault(link.issue_id, []).append(link)
    if links:
        closing = TicketJob.objects.waiting().filter(kind=TicketJob.Kind.CLOSE)
        on_the_way = set(closing.filter(link__issue__in=links).values_list("link", flat=True))
        enqueue([
            job for letter in read for link in links.get(letter.issue_id or 0, ())
            for job in _meaning(link, letter, on_the_way)
        ])  # fmt: skip


def _meaning(link: TicketLink, letter: Activity, closing: set[int]) -> Iterator[TicketJob]:
    """What a letter asks of one ticket; `closing`: links whose tickets are about to be closed."""
    connection, issue = link.connection, link.issue
    resolved = issue.status == Issue.Status.RESOLVED
    data = letter.data if isinstance(letter.data, dict) else {}
    kind, said = "", {}
    if letter.kind == ActivityKind.ASSIGNED:
        kind = TicketJob.Kind.ASSIGN if connection.assigns else ""
    elif letter.kind == _AWAY:
        if resolved and connection.closes and link.state != TicketLink.State.CLOSED:
            kind = TicketJob.Kind.CLOSE
            closing.add(link.pk)
    elif letter.kind in _BACK and not resolved:
        regressed = letter.kind == ActivityKind.REGRESSED
        said = {
            "say": regressed,
            "why": data.get("why") or "",
            "release": data.get("release") or "",
        }
        kind = _coming_back(link, regressed=regressed, closing=link.pk in closing)
    if kind:
        yield TicketJob(connection_id=connection.pk, link_id=link.pk, kind=kind, data=said)


def _coming_back(link: TicketLink, *, regressed: bool, closing: bool) -> str:
    """What is done with the ticket of an issue that came back or was reopened."""
    choice, choices = link.connection.comeback, TicketConnection.Comeback
    # One that is about to be closed is reopened behind that: the later word stands.
    if choice == choices.REOPEN and (closing or link.state == TicketLink.State.CLOSED):
        return TicketJob.Kind.REOPEN
    if regressed and link.is_there and choice != choices.NOTHING:
        return TicketJob.Kind.COMMENT
    return ""


_NOWHERE = (TicketLink.State.GONE, TicketLink.State.FAILED)


def _move(letters: Sequence[Activity]) -> None:
    """Tickets of merged issues become the survivor's; one that it has as well stays as it is."""
    for letter in letters:
        if letter.kind != ActivityKind.MERGED or letter.issue_id is None:
            continue
        happening = happening_of(letter)
        losers = losers_of(happening) if happening is not None else []
        moved = TicketLink.objects.filter(issue__in=losers).select_for_update()
        for link in moved.order_by("pk"):
            own = TicketLink.objects.filter(issue=letter.issue_id, connection=link.connection_id)
            if link.remote_id and own.filter(remote_id=link.remote_id).exists():
                link.delete()
                continue
            made = link.made and not own.filter(made=True).exists()
            TicketLink.objects.filter(pk=link.pk).update(issue=letter.issue_id, made=made)
