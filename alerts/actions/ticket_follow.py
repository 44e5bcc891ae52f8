"""Follows letters: what becomes of an issue is told to its tickets.

Called by the evaluator within its transaction, so that each letter is followed once. What is
asked for hangs on how issue and ticket are now, not on the letter alone: a ticket that closed
its issue itself is closed already, and nothing comes back around.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.actions.desk import losers_of
from alerts.actions.happening import happening_of
from alerts.actions.tickets import queue
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
    for link in rows.select_related("connection", "issue").order_by("pk"):
        if link.state != TicketLink.State.GONE:
            links.setdefault(link.issue_id, []).append(link)
    for letter in read:
        for link in links.get(letter.issue_id or 0, ()):
            _tell(link, letter)


def _tell(link: TicketLink, letter: Activity) -> None:
    connection, issue = link.connection, link.issue
    if letter.kind == ActivityKind.ASSIGNED:
        if connection.assigns and link.is_there:
            queue(connection, [link.pk], TicketJob.Kind.ASSIGN)
        return
    resolved = issue.status == Issue.Status.RESOLVED
    if letter.kind == _AWAY:
        if resolved and connection.closes and link.state in _NOT_CLOSED:
            queue(connection, [link.pk], TicketJob.Kind.CLOSE)
        return
    if resolved or letter.kind not in _BACK:
        return
    regressed = letter.kind == ActivityKind.REGRESSED
    data = letter.data if isinstance(letter.data, dict) else {}
    said = {"say": regressed, "why": data.get("why") or "", "release": data.get("release") or ""}
    reopens = connection.comeback == TicketConnection.Comeback.REOPEN
    if reopens and link.state == TicketLink.State.CLOSED:
        queue(connection, [link.pk], TicketJob.Kind.REOPEN, said)
    elif regressed and link.is_there and connection.comeback != TicketConnection.Comeback.NOTHING:
        queue(connection, [link.pk], TicketJob.Kind.COMMENT, said)
    elif reopens and link.jobs.waiting().filter(kind=TicketJob.Kind.CLOSE).exists():
        # Its closing is on the way: this one stands behind it and has the last word.
        queue(connection, [link.pk], TicketJob.Kind.REOPEN, said)


_NOT_CLOSED = (TicketLink.State.OPEN, TicketLink.State.WANTED)


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
