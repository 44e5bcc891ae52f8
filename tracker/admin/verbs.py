"""From a posted form to one verb of `tracker.actions.triage`, and its result in a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from tracker.access import Access
from tracker.actions import moving, triage
from tracker.actions.undo import VALID, undo
from tracker.admin.base import access_of
from tracker.domain.priority import Priority
from tracker.domain.snooze import Until
from tracker.models import Role, Team, User
from tracker.models.issue import IssueQuerySet

BULK_LIMIT = 500
NEEDS_ADMIN = ("merge", "delete")
"""Verbs that a triager may not carry out."""


@dataclass(frozen=True, slots=True)
class Said:
    """What to tell the person."""

    text: str
    good: bool = True


def chosen(access: Access, ids: Sequence[int], role: str = Role.TRIAGER) -> IssueQuerySet:
    """The issues with these ids, if the user has at least `role` for all of them.

    Raises Http404 when one of them is not the user's to see, PermissionDenied when the
    role is not enough: either way nothing has been changed.
    """
    wanted = set(ids)
    seen = set(access.issues().filter(pk__in=wanted).values_list("pk", "project_id"))
    if len(seen) < len(wanted):
        raise Http404("There is no such issue.")
    allowed = access.projects if access.is_owner else access.project_ids(role)
    if not {project for _, project in seen} <= set(allowed):
        raise PermissionDenied(f"This needs the role of {role} in the team.")
    return access.issues(role).filter(pk__in=wanted)


def carry_out(
    request: HttpRequest, issues: IssueQuerySet, action: str, *, single: bool = False
) -> Said:
    """Do what the form asks: `resolve`, or with an argument `snooze:time:60`."""
    name, _, argument = action.partition(":")
    verb = VERBS.get(name)
    if verb is None:
        return Said("Choose what to do with the issues.", good=False)
    try:
        word, outcome = verb(request, issues, datetime.now(UTC), argument)
    except (triage.TriageError, moving.MovingError) as problem:
        return Said(str(problem), good=False)
    remember(request, outcome)
    done, skipped = len(outcome.changed), outcome.skipped
    if single:
        return Said(f"{word}.") if done else Said("Nothing done: it is so already.", False)
    parts = [f"{done} {word[:1].lower()}{word[1:]}"]
    if skipped:
        parts.append(f"{skipped} changed meanwhile or needed nothing")
    return Said(", ".join(parts) + ".", good=bool(done))


def remember(request: HttpRequest, outcome: triage.Outcome) -> None:
    """Offer to take a change back: the last one of this session, for ten minutes."""
    request.session.pop("job", None)
    if outcome.undo:
        request.session["undo"] = {
            "token": outcome.undo, "ids": list(outcome.changed),
            "at": datetime.now(UTC).timestamp(),
        }  # fmt: skip
    elif outcome.changed:
        request.session.pop("undo", None)


def undoable(
    request: HttpRequest, now: datetime, issue: int | None = None
) -> dict[str, Any] | None:
    """What takes the last change of this session back; None when it is too late.

    With `issue`, only where that issue was changed.
    """
    last = request.session.get("undo")
    if not last or not last.get("token") or now.timestamp() - last["at"] > VALID.total_seconds():
        return None
    return None if issue is not None and issue not in last["ids"] else dict(last)


def take_back(request: HttpRequest) -> Said:
    """Undo the change whose token was posted; the verb itself checks whose it is."""
    token = request.POST.get("token", "")
    if request.session.get("undo", {}).get("token") == token:
        del request.session["undo"]
    try:
        outcome = undo(token, access_of(request).user, datetime.now(UTC))
    except triage.UndoError as problem:
        return Said(str(problem), good=False)
    done, skipped = len(outcome.changed), outcome.skipped
    text = f"{done} put back" if done != 1 else "Put back"
    rest = f"; {skipped} changed since and stay" if skipped else ""
    return Said(f"{text}{rest}.", good=bool(done))


def said(request: HttpRequest, result: Said) -> None:
    """Show the result on the next page."""
    (messages.success if result.good else messages.warning)(request, result.text)


_Result = tuple[str, triage.Outcome]


def _resolve(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    return "Resolved", triage.resolve(issues, access_of(request).user, now)


def _resolve_next(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    outcome = triage.resolve_in_next(issues, access_of(request).user, now)
    return "Resolved in the next release", outcome


def _resolve_in(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    fixes = request.POST.get("releases", "").split(",")
    outcome = triage.resolve_in(issues, fixes, access_of(request).user, now)
    return "Resolved in that release", outcome


_KINDS = {until.value for until in Until}


@dataclass(frozen=True, slots=True)
class _Wait:
    """What a posted form wants to wait for."""

    until: Until
    count: int = 0
    minutes: int = 0
    moment: datetime | None = None


def _wait(request: HttpRequest, now: datetime, arg: str) -> _Wait:
    """`time:60` (minutes), `events:100`, `rate:100`, `users:10`, `next`, `escalating`; a number
    that is missing is in the field of that name, the minutes of a rate in `minutes`.

    Raises BadCondition.
    """
    kind, _, text = arg.partition(":")
    if kind not in _KINDS:
        raise triage.BadCondition("Choose what to wait for.")
    until, number = Until(kind), _number(text or request.POST.get(kind, ""))
    if until is Until.TIME:
        return _Wait(until, moment=now + timedelta(minutes=number))
    if until is Until.RATE:
        return _Wait(until, number, _number(request.POST.get("minutes", "")))
    return _Wait(until, number if until in (Until.EVENTS, Until.USERS) else 0)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _snooze(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    wait = _wait(request, now, arg)
    return "Snoozed", triage.snooze(
        issues, access_of(request).user, now, wait.until,
        count=wait.count, minutes=wait.minutes, moment=wait.moment,
    )  # fmt: skip


def _priority(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    name = arg or request.POST.get("priority", "")
    if name not in PRIORITIES:
        raise triage.BadCondition("Choose a priority.")
    wanted = PRIORITIES[name]
    word = f"Given the priority {name}" if wanted else "Given a computed priority"
    return word, triage.set_priority(issues, access_of(request).user, wanted, now)


def _reopen(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    return "Reopened", triage.reopen(issues, access_of(request).user, now)


def _assign(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    access = access_of(request)
    to = assignee(access, request.POST.get("assignee", ""))
    outcome = triage.assign(issues, access.user, to, now)
    return (f"Assigned to {to}" if to else "Assigned to nobody"), outcome


def _comment(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    text = request.POST.get("text", "")
    return "Comment added", triage.comment(issues, access_of(request).user, text, now)


def _review(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    return "Marked as reviewed", triage.mark_reviewed(issues, now, access_of(request).user)


def _merge(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    survivor, outcome = moving.merge(issues, access_of(request).user, now)
    return f"Merged into {survivor.short_id}", outcome


def _delete(request: HttpRequest, issues: IssueQuerySet, now: datetime, arg: str) -> _Result:
    discard = bool(request.POST.get("discard"))
    outcome = moving.delete(issues, access_of(request).user, now, discard=discard)
    return "Deleted", outcome


PRIORITIES: dict[str, Priority | None] = {p.name.lower(): p for p in Priority} | {"computed": None}
VERBS: dict[str, Callable[[HttpRequest, IssueQuerySet, datetime, str], _Result]] = {
    "resolve": _resolve, "resolve_next": _resolve_next, "resolve_in": _resolve_in,
    "snooze": _snooze, "priority": _priority, "reopen": _reopen,
    "assign": _assign, "comment": _comment, "review": _review, "merge": _merge, "delete": _delete,
}  # fmt: skip


def as_job(request: HttpRequest, action: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """The same form as a verb and arguments of `tracker.actions.bulk`.

    Raises what the verbs raise for nonsense, Http404 for strangers.
    """
    name, _, argument = action.partition(":")
    if name == "resolve_in":
        return name, {"releases": request.POST.get("releases", "").split(",")}
    if name == "snooze":
        wait = _wait(request, now, argument)
        moment = wait.moment.isoformat() if wait.moment else None
        return name, {"until": wait.until.value, "count": wait.count, "minutes": wait.minutes,
                      "moment": moment}  # fmt: skip
    if name == "assign":
        to = assignee(access_of(request), request.POST.get("assignee", ""))
        return name, {} if to is None else {"user" if isinstance(to, User) else "team": to.pk}
    if name == "priority":
        wanted = argument or request.POST.get("priority", "")
        return name, {"priority": None if wanted == "computed" else wanted}
    return name, {"discard": bool(request.POST.get("discard"))} if name == "delete" else {}


def assignee(access: Access, text: str) -> User | Team | None:
    """Read `me`, `none`, `user:3` or `team:2`; only people and teams the user knows.

    Raises Http404 for anybody else.
    """
    if text == "none":
        return None
    if text == "me":
        return access.user
    kind, _, number = text.partition(":")
    known = access.assignees()
    pools: dict[str, Sequence[User | Team]] = {"user": known.users, "team": known.teams}
    for one in pools.get(kind, ()):
        if str(one.pk) == number:
            return one
    raise Http404("There is no such person or team.")
