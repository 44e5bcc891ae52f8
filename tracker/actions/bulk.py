"""A verb on more issues than a page may wait for: a job, done in chunks, with true counts.

The ids are fixed when the job is made, so what was confirmed is what is done. Each chunk is
one transaction that also moves the job on: a worker may die anywhere, nothing is done twice.

    TriageError
    └── UnknownVerb
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from tracker.actions import moving, triage, undo
from tracker.actions.common import Outcome, TriageError
from tracker.domain.priority import Priority
from tracker.domain.snooze import Until
from tracker.models import BulkJob, Issue, Role, Team, Undo, User

log = structlog.get_logger(__name__)

AT_ONCE = 500
"""Issues that a page changes itself; more become a job."""
CHUNK = 500
KEPT = timedelta(days=7)
"""How long finished jobs are kept."""


class UnknownVerb(TriageError):
    """No such verb can be applied to many issues, or not with these arguments."""


Verb = Callable[[QuerySet[Issue], User, datetime, Mapping[str, Any]], Outcome]


def _snooze(issues: QuerySet[Issue], actor: User, now: datetime, how: Mapping[str, Any]) -> Outcome:
    moment = how.get("moment")
    return triage.snooze(
        issues, actor, now, Until(how["until"]),
        count=int(how.get("count", 0)), minutes=int(how.get("minutes", 0)),
        moment=datetime.fromisoformat(moment) if moment else None,
    )  # fmt: skip


def _assign(issues: QuerySet[Issue], actor: User, now: datetime, how: Mapping[str, Any]) -> Outcome:
    to: User | Team | None = None
    if how.get("user"):
        to = User.objects.get(pk=how["user"])
    elif how.get("team"):
        to = Team.objects.get(pk=how["team"])
    return triage.assign(issues, actor, to, now)


def _priority(
    issues: QuerySet[Issue], actor: User, now: datetime, how: Mapping[str, Any]
) -> Outcome:
    name = how.get("priority")
    return triage.set_priority(issues, actor, Priority[name.upper()] if name else None, now)


VERBS: dict[str, Verb] = {
    "resolve": lambda rows, actor, now, _: triage.resolve(rows, actor, now),
    "resolve_next": lambda rows, actor, now, _: triage.resolve_in_next(rows, actor, now),
    "resolve_in": lambda rows, actor, now, how: triage.resolve_in(
        rows, how["releases"], actor, now
    ),
    "reopen": lambda rows, actor, now, _: triage.reopen(rows, actor, now),
    "snooze": _snooze,
    "assign": _assign,
    "priority": _priority,
    "review": lambda rows, actor, now, _: triage.mark_reviewed(rows, now, actor),
    "delete": lambda rows, actor, now, how: moving.delete(
        rows, actor, now, discard=bool(how.get("discard"))
    ),
}
"""By name; the arguments are JSON."""
UNDO = "undo"
"""The verb that takes another job back, chunk by chunk; its argument is that job's token."""
FINAL = frozenset({"delete", UNDO})
"""Verbs that nothing takes back."""
ROLES = {"delete": Role.ADMIN}
"""The role that a verb needs, where a triager's is not enough."""


def start(
    actor: User, verb: str, ids: Sequence[int], arguments: Mapping[str, Any], now: datetime
) -> BulkJob:
    """Make a job; a timer begins it within seconds.

    The arguments are tried on no issue first, so that nonsense is refused here: raises
    UnknownVerb and whatever TriageError the verb has.
    """
    if verb not in VERBS:
        raise UnknownVerb(f"Nothing called {verb!r} can be done to issues.")
    try:
        VERBS[verb](Issue.objects.none(), actor, now, arguments)
    except (KeyError, ValueError, TypeError, User.DoesNotExist, Team.DoesNotExist):
        raise UnknownVerb(f"{verb} can't be done this way.") from None
    return BulkJob.objects.create(
        actor=actor, verb=verb, arguments=dict(arguments), ids=sorted(set(ids)), created_at=now
    )


def take_back(job: BulkJob, actor: User, now: datetime) -> BulkJob:
    """Make the job that undoes all of another; raises what `undo` raises."""
    undo.waiting(job.token, actor, now)
    return BulkJob.objects.create(
        actor=actor, verb=UNDO, arguments={"token": str(job.token)}, ids=job.ids, created_at=now
    )


def stop(job: BulkJob, now: datetime) -> bool:
    """End a job where it is; whether it was still at work. What is done can be undone."""
    left = BulkJob.objects.filter(pk=job.pk, finished_at=None)
    return bool(left.update(finished_at=now, error="Stopped."))


def step(job_id: int, now: datetime) -> bool:
    """Do one chunk; True when nothing is left, or another worker is at it."""
    with transaction.atomic():
        job = (
            BulkJob.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("actor")
            .filter(pk=job_id, finished_at=None)
            .first()
        )
        if job is None:
            return True
        chunk = job.ids[job.position : job.position + CHUNK]
        try:
            with transaction.atomic():
                outcome = _do(job, chunk, now)
        except Exception as error:  # the job stops, and says why
            if not isinstance(error, TriageError):
                log.exception("bulk job failed", job=job.pk, verb=job.verb)
            told = isinstance(error, TriageError)
            job.error = str(error) if told else "It failed; the log of the worker says why."
            job.finished_at = now
        else:
            job.position += len(chunk)
            job.changed += len(outcome.changed)
            if outcome.undo:
                Undo.objects.filter(token=outcome.undo).update(token=job.token)
            if job.position >= job.total:
                job.finished_at = now
        job.save(update_fields=["position", "changed", "error", "finished_at"])
        return job.finished_at is not None


def _do(job: BulkJob, chunk: Sequence[int], now: datetime) -> Outcome:
    if job.verb == UNDO:  # a chunk of the other job left one part, or none
        return undo.undo_next(job.arguments["token"], job.actor, now)
    role = ROLES.get(job.verb, Role.TRIAGER)
    issues = Issue.objects.filter(pk__in=chunk).visible_to(job.actor, role)
    return VERBS[job.verb](issues, job.actor, now, job.arguments)


def work_off(deadline: datetime, clock: Callable[[], datetime]) -> int:
    """Go on with jobs until `deadline`, a chunk of each in turn; returns how many chunks."""
    done = 0
    BulkJob.objects.filter(finished_at__lt=clock() - KEPT).delete()
    left = set(BulkJob.objects.filter(finished_at=None).values_list("pk", flat=True))
    while left:
        for number in sorted(left):
            if clock() >= deadline:
                return done
            if step(number, clock()):
                left.discard(number)
            done += 1
    return done


def progress(job: BulkJob) -> dict[str, Any]:
    """For the page that waits."""
    return {
        "id": job.pk, "total": job.total, "done": job.position, "changed": job.changed,
        "skipped": job.skipped, "finished": job.finished_at is not None, "error": job.error,
        "undo": str(job.token) if job.changed and job.verb not in FINAL else "",
    }  # fmt: skip
