"""The tickets' outbox: take a connection, do its jobs one by one, write down what came of each.

    queued -> sending -> done | retry -> sending ... | dead

Trackers ask to be called serially, so a lease is a connection's: whoever holds it does the jobs
that are due, each link's in order. An attempt is counted before it is made. One that died, or
whose answer was lost, may have made the ticket: before making it again we look for its marker.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import F, Min
from django.db.models.functions import Now
from django.utils import timezone
from msgspec import Struct

from alerts import tickets
from alerts.actions import ticket_draft
from alerts.actions.tickets import note, queue, told
from alerts.domain import retry
from alerts.models import TicketConnection, TicketJob, TicketLink, TicketUser
from alerts.tickets.base import Gone, Options, Ticket, Tracker
from alerts.transports.base import Misconfigured, Rejected, TransportError
from tracker import vault
from tracker.actions import triage
from tracker.models import Issue, User

log = structlog.get_logger(__name__)
LEASE = timedelta(seconds=60)
"""Longer than any job: each renews it."""
SHIFT = 15.0
"""Seconds after which a worker lets go, and rings for the next: it must be able to stop."""
CALM = 300.0
"""Seconds that a connection rests at most after failures in a row."""
STALE = timedelta(hours=6)
"""An open ticket that was not looked at for so long is: its tracker's call may be lost."""


class Shift(Struct, frozen=True):
    """What came of a connection's turn."""

    done: int
    again_in: float | None = None
    """Seconds until there is more to do; None: nothing that we know of."""


def waiting() -> list[int]:
    """Connections with work that could be done now."""
    due = TicketJob.objects.due().values("connection")
    return list(
        TicketConnection.objects.free()
        .filter(pk__in=due)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def work(connection_id: int) -> Shift | None:
    """Do what is due; None when the connection is another's, rests, or is disabled."""
    me = uuid4()
    took = TicketConnection.objects.free().filter(pk=connection_id)
    if not took.update(lease_until=Now() + LEASE, worker=me):
        return None
    done, end = 0, time.monotonic() + SHIFT
    try:
        while time.monotonic() < end:
            job = _claim(connection_id, me)
            if job is None:
                break
            _attempt(job, me)
            done += 1
    finally:
        TicketConnection.objects.filter(pk=connection_id, worker=me).update(
            lease_until=None, worker=None
        )
    return Shift(done, _again_in(connection_id))


def look_at_stale(now: datetime, limit: int = 50) -> None:
    """Look at open tickets that nobody called about for hours."""
    links = TicketLink.objects.filter(
        state=TicketLink.State.OPEN,
        synced_at__lt=now - STALE,
        connection__enabled=True,
        issue__deleted_at__isnull=True,
    ).exclude(jobs__state__in=TicketJob.WAITING)
    for pk, connection in links.order_by("synced_at").values_list("pk", "connection")[:limit]:
        queue(connection, [pk], TicketJob.Kind.LOOK)


def _again_in(connection_id: int) -> float | None:
    connection = TicketConnection.objects.filter(pk=connection_id, enabled=True).first()
    if connection is None:
        return None
    at = connection.jobs.waiting().aggregate(at=Min("next_attempt_at"))["at"]
    if at is None:
        return None
    held = connection.held_until or at
    seconds: float = (max(at, held) - timezone.now()).total_seconds()
    return max(seconds, 0.05)


def _claim(connection_id: int, me: UUID) -> TicketJob | None:
    """The next job that is due, its attempt counted and committed; None when there is none."""
    with transaction.atomic():
        mine = TicketConnection.objects.filter(pk=connection_id, worker=me, enabled=True)
        rested = mine.exclude(held_until__gt=Now())
        if not rested.update(lease_until=Now() + LEASE):
            return None
        job = (
            TicketJob.objects.due()
            .filter(connection=connection_id)
            .select_related("link__issue__project", "link__asked_by", "link__rule", "connection")
            .order_by("next_attempt_at", "pk")
            .first()
        )
        if job is None:
            return None
        if retry.delay(job.attempts, 0.5) is None:
            _give_up(job, "the worker died on every attempt")
            return _claim(connection_id, me)
        TicketJob.objects.filter(pk=job.pk).update(
            state=TicketJob.State.SENDING, attempts=F("attempts") + 1
        )
        job.attempts += 1
    return job


def _attempt(job: TicketJob, me: UUID) -> None:
    try:
        error = _do(job, me)
    except TransportError as problem:
        error = problem
    except vault.VaultError as problem:
        error = Misconfigured(f"its secret can't be opened: {problem}")
    except Exception as problem:  # a tracker's own bug must not stop the others
        log.exception("ticket job failed", job=job.pk, connection=job.connection_id)
        error = TransportError(f"{type(problem).__name__} in the tracker's module")
    if error is not None:
        _failed(job, me, error)


def _do(job: TicketJob, me: UUID) -> TransportError | None:
    """Do a job and settle it; returns the error that settles it as not to be done."""
    try:
        tracker = tickets.get(job.connection.kind)
    except KeyError:
        raise Misconfigured(f"no module for {job.connection.kind}") from None
    options, now = job.connection.options(), timezone.now()
    kinds = TicketJob.Kind
    if job.kind == kinds.CREATE:
        _settle_made(job, me, _create(job, me, tracker, options, now), now)
        return None
    if not job.link.remote_id:
        return Misconfigured("the ticket was never made")
    if job.kind == kinds.ASSIGN:
        _assign(job, tracker, options)
        _settle(job, me)
        return None
    if job.kind == kinds.COMMENT:
        _comment(job, tracker, options)
        _settle(job, me)
        return None
    try:
        ticket = _look(job, tracker, options)
    except Gone as error:
        _settle_gone(job, me, error, now)
        return None
    _settle_looked(job, me, ticket, now)
    return None


def _create(job: TicketJob, me: UUID, tracker: Tracker, options: Options, now: datetime) -> Ticket:
    if job.link.issue.deleted_at is not None:
        raise Misconfigured("the issue was deleted")
    draft = ticket_draft.draft_of(job.link, now)
    if job.attempts > 1 or job.data.get("again"):
        found = tracker.find(options, draft)
        if found is not None:
            return found
        # Looking may have taken long: whoever took the lease over may have made it meanwhile.
        mine = TicketConnection.objects.filter(pk=job.connection_id, worker=me)
        if not mine.update(lease_until=Now() + LEASE):
            raise TransportError("another worker took over")
    try:
        return tracker.create(options, draft)
    except Gone as error:  # the place, not the ticket
        raise Rejected(str(error), permanent=True, status=error.status) from None


def _look(job: TicketJob, tracker: Tracker, options: Options) -> Ticket | None:
    """How the ticket is, after closing or reopening it if that is still wanted."""
    link, kinds = job.link, TicketJob.Kind
    if job.kind == kinds.LOOK:
        return tracker.fetch(options, link.remote_id)
    resolved = link.issue.status == Issue.Status.RESOLVED
    if resolved != (job.kind == kinds.CLOSE):
        return None  # it was moved again meanwhile: a later job knows
    ticket = tracker.move(options, link.remote_id, closed=job.kind == kinds.CLOSE)
    if job.kind == kinds.REOPEN and job.data.get("say"):
        _comment(job, tracker, options)
    return ticket


def _comment(job: TicketJob, tracker: Tracker, options: Options) -> None:
    data = job.data
    body = ticket_draft.comeback_of(
        job.link.issue, str(data.get("why") or ""), str(data.get("release") or "")
    )
    tracker.comment(options, job.link.remote_id, body)


def _assign(job: TicketJob, tracker: Tracker, options: Options) -> None:
    """Make the issue's assignee the ticket's; nobody when there is none."""
    who = User.objects.filter(pk=job.link.issue.assignee_id or 0).first()
    login = "" if who is None else _login(job.connection, who, tracker, options)
    if who is not None and not login:
        return  # nobody over there: the ticket stays as it is
    tracker.assign(options, job.link.remote_id, login)
    TicketLink.objects.filter(pk=job.link_id).update(assignee=login)


def _login(connection: TicketConnection, who: User, tracker: Tracker, options: Options) -> str:
    known = TicketUser.objects.filter(connection=connection, user=who).first()
    if known is not None:
        return known.login
    if not who.email:
        return ""
    try:
        login = tracker.login_of(options, who.email)
    except Rejected as error:
        if not error.permanent:
            raise
        return ""  # not told to us: people can be entered by hand
    if login:
        TicketUser.objects.get_or_create(
            connection=connection, user=who,
            defaults={"login": login, "source": TicketUser.Source.EMAIL},
        )  # fmt: skip
    return login


# --- What came of it ------------------------------------------------------------------------------


def _settle(job: TicketJob, me: UUID) -> None:
    with transaction.atomic():
        _done(job, me)


def _done(job: TicketJob, me: UUID, **more: Any) -> bool:
    """Write down that a job is done, if the connection is still ours."""
    mine = TicketConnection.objects.filter(pk=job.connection_id, worker=me)
    if not mine.update(failures=0, last_error="", last_ok_at=Now()):
        return False
    TicketLink.objects.filter(pk=job.link_id).exclude(error="").update(error="")
    values = {"state": TicketJob.State.DONE, "done_at": Now(), "last_error": "", **more}
    return bool(TicketJob.objects.filter(pk=job.pk, attempts=job.attempts).update(**values))


def _settle_made(job: TicketJob, me: UUID, ticket: Ticket, now: datetime) -> None:
    with transaction.atomic():
        link = TicketLink.objects.select_for_update(of=("self",)).filter(pk=job.link_id).first()
        if not _done(job, me) or link is None:
            return
        TicketLink.objects.filter(pk=link.pk).update(**told(ticket, now))
        link.key, link.url = ticket.key, ticket.url
        if link.asked_by is not None or link.rule is None:
            note(link, link.asked_by, now, f"made the ticket {ticket.key}")
        else:
            note(link, None, now, f"ticket {ticket.key} made", f"by the rule {link.rule.name}")
        owned = Issue.objects.filter(pk=link.issue_id, assignee__isnull=False)
        if job.connection.assigns and owned.exists():
            queue(job.connection, [link.pk], TicketJob.Kind.ASSIGN)


def _settle_gone(job: TicketJob, me: UUID, error: Gone, now: datetime) -> None:
    with transaction.atomic():
        if not _done(job, me, last_status=error.status, last_error=str(error)[:500]):
            return
        changed = TicketLink.objects.filter(pk=job.link_id).exclude(state=TicketLink.State.GONE)
        if changed.update(state=TicketLink.State.GONE, error=str(error)[:500], synced_at=now):
            note(job.link, None, now, f"ticket {job.link.key} is gone", str(error)[:200])


def _settle_looked(job: TicketJob, me: UUID, ticket: Ticket | None, now: datetime) -> None:
    """Write down how the ticket is; when others closed or reopened it, so is the issue."""
    with transaction.atomic():
        if not _done(job, me) or ticket is None:
            return
        link = TicketLink.objects.select_for_update(of=("self",)).filter(pk=job.link_id).first()
        if link is None:
            return
        before = link.state
        TicketLink.objects.filter(pk=link.pk).update(**told(ticket, now))
        link.key = ticket.key
        after = TicketLink.State.CLOSED if ticket.closed else TicketLink.State.OPEN
        if job.kind != TicketJob.Kind.LOOK:
            verb = "closed" if ticket.closed else "reopened"
            if before != after:
                note(link, None, now, f"ticket {ticket.key} {verb} from here")
        elif before != after:
            _mirror(link, ticket, now, resolves=job.connection.resolves)


def _mirror(link: TicketLink, ticket: Ticket, now: datetime, *, resolves: bool) -> None:
    verb = "closed" if ticket.closed else "reopened"
    why = f"ticket {ticket.key} was {verb}"
    issues = Issue.objects.filter(pk=link.issue_id).live()
    if resolves and ticket.closed:
        changed = triage.resolve(issues, None, now, why=why).changed
    elif resolves:
        resolved = issues.filter(status=Issue.Status.RESOLVED)
        changed = triage.reopen(resolved, None, now, why=why).changed
    else:
        changed = ()
    if not changed:
        note(link, None, now, why)


def _failed(job: TicketJob, me: UUID, error: TransportError) -> None:
    """Write down a failure: given up, or to be tried again; the connection rests a while."""
    roll = random.random()  # noqa: S311 - jitter, not a secret
    wait = retry.delay(job.attempts, roll, error.retry_after)
    text = str(error)[:500]
    with transaction.atomic():
        mine = TicketConnection.objects.filter(pk=job.connection_id, worker=me)
        connection = mine.select_for_update().first()
        if connection is None:
            return
        connection.failures += 1
        rest = error.retry_after or _rest(connection.failures, permanent=error.permanent)
        changes: dict[str, Any] = {"failures": connection.failures, "last_error": text}
        if rest:
            rest = min(rest, retry.LONGEST_WAIT if error.retry_after else CALM)
            changes["held_until"] = Now() + timedelta(seconds=rest)
        mine.update(**changes)
        TicketJob.objects.filter(pk=job.pk).update(last_status=error.status, last_error=text)
        if error.permanent or wait is None:
            _give_up(job, text)
        else:
            TicketJob.objects.filter(pk=job.pk).update(
                state=TicketJob.State.RETRY, next_attempt_at=Now() + timedelta(seconds=wait)
            )
            TicketLink.objects.filter(pk=job.link_id).update(error=text)


def _rest(failures: int, *, permanent: bool) -> float:
    """Seconds that a tracker is left alone: a wrong token, say, is not tried 500 times a minute."""
    return 0.0 if permanent and failures < 3 else 2.0 ** min(failures, 9)


def _give_up(job: TicketJob, text: str) -> None:
    TicketJob.objects.filter(pk=job.pk).update(
        state=TicketJob.State.DEAD, done_at=Now(), last_error=text
    )
    changes: dict[str, Any] = {"error": text}
    if job.kind == TicketJob.Kind.CREATE:
        changes["state"] = TicketLink.State.FAILED
        note(job.link, None, timezone.now(), "ticket could not be made", text[:300])
    TicketLink.objects.filter(pk=job.link_id).update(**changes)
