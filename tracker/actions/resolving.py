"""Verbs of states: resolve, reopen, snooze, escalate, calm. Docstring of `triage` holds for all.

TriageError
├── BadCondition
└── BadRelease
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tracker import states
from tracker.actions import scoring, undo
from tracker.actions.activity import write_activity
from tracker.actions.common import Outcome, TriageError, entry, locked
from tracker.domain import comebacks
from tracker.domain import snooze as sleep
from tracker.domain.comebacks import How
from tracker.domain.lifecycle import Cause, columns, move, sources
from tracker.domain.snooze import Snooze, Until
from tracker.domain.versions import Known, newest
from tracker.models import ActivityKind, Issue, IssueTag, User


class BadCondition(TriageError):
    """Nothing sensible can be waited for that way."""


class BadRelease(TriageError):
    """The releases to resolve in make no sense."""


Change = Callable[[Issue], dict[str, Any]]
"""Sets the columns of one row beside its state; returns the data of its Activity."""


# -- resolve ----------------------------------------------------------------------------


def resolve(issues: QuerySet[Issue], actor: User | None, now: datetime, why: str = "") -> Outcome:
    """Mark issues as resolved: an event that happens from now on reopens them.

    Not one of an older release than the last one affected: that is a straggler. `why` is for
    the history.
    """
    more = {"why": why} if why else {}
    return _resolve_now(issues, Cause.TRIAGER_RESOLVED, How.NOW, actor, now, more)


def resolve_quiet(issues: QuerySet[Issue], days: int, now: datetime) -> Outcome:
    """Resolve issues by themselves, since nothing was heard of them for `days`."""
    since = now - timedelta(days=days)
    return _resolve_now(
        issues, Cause.WENT_QUIET, How.QUIET, None, now, {"days": days},
        only=lambda row: row.last_seen < since,
    )  # fmt: skip


def resolve_recovered(issues: QuerySet[Issue], why: str, now: datetime) -> Outcome:
    """Resolve unresolved issues by themselves, since what failed works again."""
    return _resolve_now(
        issues.filter(status=Issue.Status.UNRESOLVED), Cause.TRIAGER_RESOLVED, How.NOW, None, now,
        {"why": why},
    )  # fmt: skip


def _resolve_now(
    issues: QuerySet[Issue], cause: Cause, how: How, actor: User | None, now: datetime,
    more: dict[str, Any], *, only: Callable[[Issue], bool] = lambda _: True,
) -> Outcome:  # fmt: skip
    def prepare(rows: Sequence[Issue]) -> Change:
        seen = states.releases_by_id([r.last_release_id for r in rows if r.last_release_id])
        names = {release.id: release.known.version for release in seen}

        def change(row: Issue) -> dict[str, Any]:
            release = names.get(row.last_release_id or 0, "")
            return _resolved(row, row.last_release_id, now, how=how.value, release=release) | more

        return change

    return _go(issues, cause, ActivityKind.RESOLVED, actor, now, prepare, only=only)


def resolve_in_next(issues: QuerySet[Issue], actor: User | None, now: datetime) -> Outcome:
    """Resolve in the next release: only an event of a release newer than today's reopens."""

    def prepare(rows: Sequence[Issue]) -> Change:
        releases = states.recent_releases({row.project_id for row in rows})
        last = states.releases_by_id([r.last_release_id for r in rows if r.last_release_id])
        names = {release.id: release.known.version for release in last}
        ids = {(r.project_id, r.known.version): r.id for r in releases}
        pools: dict[int, list[Known]] = {}
        for release in releases:
            pools.setdefault(release.project_id, []).append(release.known)

        def change(row: Issue) -> dict[str, Any]:
            like = names.get(row.last_release_id or 0, "")
            base = newest(pools.get(row.project_id, []), like)
            version = base.version if base else ""
            number = ids.get((row.project_id, version))
            return _resolved(row, number, now, how=How.NEXT.value, release=version)

        return change

    return _go(issues, Cause.TRIAGER_RESOLVED, ActivityKind.RESOLVED, actor, now, prepare)


def resolve_in(
    issues: QuerySet[Issue], releases: Sequence[str], actor: User | None, now: datetime
) -> Outcome:
    """Resolve in the release that holds the fix, or in several (backports). Raises BadRelease."""
    try:
        fixes = comebacks.check_fixes(tuple(releases))
    except comebacks.BadRelease as problem:
        raise BadRelease(str(problem)) from None

    def prepare(rows: Sequence[Issue]) -> Change:
        projects = {row.project_id for row in rows}
        known = states.releases_by_version((p, fix) for p in projects for fix in fixes)
        ids = {(r.project_id, r.known.version): r.id for r in known}
        affected: dict[int, list[str]] = {}
        for issue, version in IssueTag.objects.filter(
            project_id__in=projects, issue_id__in=[r.pk for r in rows], key="release",
            value__in=fixes, count__gt=0,
        ).values_list("issue_id", "value"):  # fmt: skip
            affected.setdefault(issue, []).append(version)

        def change(row: Issue) -> dict[str, Any]:
            number = next((n for fix in fixes if (n := ids.get((row.project_id, fix)))), None)
            seen_in = sorted(affected.get(row.pk, ()))
            return _resolved(
                row, number, now, how=How.IN.value, fixes=list(fixes), affected=seen_in
            )

        return change

    return _go(issues, Cause.TRIAGER_RESOLVED, ActivityKind.RESOLVED, actor, now, prepare)


def _resolved(row: Issue, release_id: int | None, now: datetime, **told: Any) -> dict[str, Any]:
    row.resolved_at, row.resolved_release_id = now, release_id
    row.resolution = {name: value for name, value in told.items() if value}
    return dict(row.resolution)


def reopen(issues: QuerySet[Issue], actor: User | None, now: datetime, why: str = "") -> Outcome:
    """Put resolved and snoozed issues back among the unresolved; `why` is for the history."""

    def told(_: Issue) -> dict[str, Any]:
        return {"why": why} if why else {}

    return _go(issues, Cause.TRIAGER_REOPENED, ActivityKind.REOPENED, actor, now, lambda _: told)


# -- snooze -----------------------------------------------------------------------------


def snooze(
    issues: QuerySet[Issue], actor: User | None, now: datetime, until: Until,
    *, count: int = 0, minutes: int = 0, moment: datetime | None = None,
) -> Outcome:  # fmt: skip
    """Put issues to sleep until something happens, counted from now.

    `count` (with `minutes` for a rate) says how much; `moment` ends it at the latest.
    Raises BadCondition.
    """
    try:
        wanted = sleep.check(Snooze(until, now, moment, count, minutes))
    except sleep.BadSnooze as problem:
        raise BadCondition(str(problem)) from None

    def prepare(rows: Sequence[Issue]) -> Change:
        usual = scoring.escalations(rows, now) if until is Until.ESCALATING else {}

        def change(row: Issue) -> dict[str, Any]:
            mine = wanted
            if until is Until.ESCALATING:
                mine = Snooze(until, now, moment, usual[row.pk], 60)
            row.snooze, row.snoozed_until = sleep.to_json(mine), moment
            return {"snooze": row.snooze, "why": sleep.sentence(mine)}

        return change

    return _go(issues, Cause.TRIAGER_SNOOZED, ActivityKind.SNOOZED, actor, now, prepare)


def wake(issues: QuerySet[Issue], now: datetime) -> Outcome:
    """Wake issues whose time is over; one that was changed meanwhile sleeps on."""

    def prepare(rows: Sequence[Issue]) -> Change:
        reasons = {row.pk: _over(row, now) for row in rows}

        def change(row: Issue) -> dict[str, Any]:
            row.reviewed_at = None
            row.state_why = reasons[row.pk]
            return {"why": row.state_why}

        return change

    return _go(
        issues, Cause.WOKE, ActivityKind.WOKEN, None, now, prepare,
        only=lambda row: bool(_over(row, now)),
    )  # fmt: skip


def _over(row: Issue, now: datetime) -> str:
    state = row.snooze_state
    return sleep.is_over(state, now) if state else ""


# -- escalating -------------------------------------------------------------------------


def escalate(issues: QuerySet[Issue], why: Mapping[int, str], now: datetime) -> Outcome:
    """Mark issues as escalating; those snoozed until that happens wake instead.

    `why` holds a sentence by issue id. Others that are snoozed or resolved are left alone.
    """

    def told(row: Issue) -> dict[str, Any]:
        row.state_why = why.get(row.pk, "")
        row.reviewed_at = None
        return {"why": row.state_why}

    with transaction.atomic():
        waiting = issues.filter(status="snoozed", snooze__kind=Until.ESCALATING.value)
        woken = _go(
            waiting, Cause.WOKE, ActivityKind.WOKEN, None, now, lambda _: told,
            only=lambda row: (row.snooze or {}).get("kind") == Until.ESCALATING,
        )  # fmt: skip
        rest = issues.exclude(pk__in=woken.changed)
        done = _go(rest, Cause.ESCALATED, ActivityKind.ESCALATED, None, now, lambda _: told)
        scoring.refresh(done.changed, now)
    return Outcome(woken.changed + done.changed, done.skipped)


def calm(issues: QuerySet[Issue], now: datetime) -> Outcome:
    """Mark escalating issues as ongoing."""
    with transaction.atomic():
        done = _go(issues, Cause.CALMED, ActivityKind.CALMED, None, now, _nothing_more)
        scoring.refresh(done.changed, now)
    return done


# -- all of them ------------------------------------------------------------------------


def _nothing_more(_: Sequence[Issue]) -> Change:
    return lambda _row: {}


def _always(_: Issue) -> bool:
    return True


def _go(
    issues: QuerySet[Issue], cause: Cause, kind: str, actor: User | None, now: datetime,
    prepare: Callable[[Sequence[Issue]], Change], *, only: Callable[[Issue], bool] = _always,
) -> Outcome:  # fmt: skip
    """Take every issue that `cause` can move along the table of moves.

    `prepare` sees all rows at once, so that its queries do not grow with their number.
    """
    movable = set(sources(cause))
    with transaction.atomic():
        rows = list(locked(issues))
        moving = [row for row in rows if row.state in movable and only(row)]
        if not moving:
            return Outcome((), len(rows))
        change = prepare(moving)
        before = undo.snapshot(moving, kind) if actor else {}
        entries = []
        for row in moving:
            row.status, row.substatus = columns(move(row.state, cause))
            row.state_changed_at, row.state_why = now, ""
            row.resolved_at = row.resolved_release_id = row.resolution = None
            row.snooze = row.snoozed_until = None
            entries.append(entry(row, kind, actor, now, change(row)))
        states.put(
            states.STATE,
            [
                {"project_id": r.project_id, "id": r.pk, **{n: getattr(r, n) for n in states.STATE}}
                for r in moving
            ],
        )
        token = undo.remember(kind, actor, moving, before, now)
        write_activity(entries)
    return Outcome(tuple(row.pk for row in moving), len(rows) - len(moving), token)
