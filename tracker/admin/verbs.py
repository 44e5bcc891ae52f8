"""From a posted form to one verb of `tracker.actions.triage`, and its result in a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from tracker.access import Access
from tracker.actions import moving, triage
from tracker.admin.base import access_of
from tracker.models import Role, Team, User
from tracker.models.issue import IssueQuerySet

BULK_LIMIT = 500
UNDO_SECONDS = 600
NEEDS_ADMIN = ("merge", "delete")
"""Verbs that a triager may not carry out."""
_OPPOSITE = {"resolve": "reopen", "reopen": "resolve"}


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
    """Do what the form asks."""
    verb = VERBS.get(action)
    if verb is None:
        return Said("Choose what to do with the issues.", good=False)
    try:
        word, outcome = verb(request, issues, datetime.now(UTC))
    except (triage.TriageError, moving.MovingError) as problem:
        return Said(str(problem), good=False)
    remember(request, action, outcome.changed)
    done, skipped = len(outcome.changed), outcome.skipped
    if single:
        return Said(f"{word}.") if done else Said("Nothing done: it is so already.", False)
    parts = [f"{done} {word.lower()}"]
    if skipped:
        parts.append(f"{skipped} changed meanwhile or needed nothing")
    return Said(", ".join(parts) + ".", good=bool(done))


def remember(request: HttpRequest, action: str, changed: Sequence[int]) -> None:
    """Offer to take a change back: the last one of this session, for ten minutes."""
    if action not in _OPPOSITE or not changed:
        request.session.pop("undo", None)
        return
    request.session["undo"] = {
        "action": _OPPOSITE[action], "ids": list(changed), "at": datetime.now(UTC).timestamp(),
    }  # fmt: skip


def undoable(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """What the last change of this session can be taken back with; None when it is too late."""
    undo = request.session.get("undo")
    if not undo or now.timestamp() - undo["at"] > UNDO_SECONDS:
        return None
    return dict(undo)


def said(request: HttpRequest, result: Said) -> None:
    """Show the result on the next page."""
    (messages.success if result.good else messages.warning)(request, result.text)


_Result = tuple[str, triage.Outcome]


def _resolve(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    return "Resolved", triage.resolve(issues, access_of(request).user, now)


def _reopen(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    return "Reopened", triage.reopen(issues, access_of(request).user, now)


def _assign(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    access = access_of(request)
    to = _assignee(access, request.POST.get("assignee", ""))
    outcome = triage.assign(issues, access.user, to, now)
    return (f"Assigned to {to}" if to else "Assigned to nobody"), outcome


def _comment(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    text = request.POST.get("text", "")
    return "Comment added", triage.comment(issues, access_of(request).user, text, now)


def _review(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    return "Marked as reviewed", triage.mark_reviewed(issues, now)


def _merge(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    survivor, outcome = moving.merge(issues, access_of(request).user, now)
    return f"Merged into {survivor.short_id}", outcome


def _delete(request: HttpRequest, issues: IssueQuerySet, now: datetime) -> _Result:
    discard = bool(request.POST.get("discard"))
    outcome = moving.delete(issues, access_of(request).user, now, discard=discard)
    return "Deleted", outcome


VERBS: dict[str, Callable[[HttpRequest, IssueQuerySet, datetime], _Result]] = {
    "resolve": _resolve, "reopen": _reopen, "assign": _assign, "comment": _comment,
    "review": _review, "merge": _merge, "delete": _delete,
}  # fmt: skip


def _assignee(access: Access, text: str) -> User | Team | None:
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
