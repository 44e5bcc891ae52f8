"""From a posted form to one verb of `tracker.actions.triage`, and its result in a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from tracker.access import Access
from tracker.actions import triage
from tracker.admin.base import access_of
from tracker.models import Role, Team, User
from tracker.models.issue import IssueQuerySet

BULK_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Said:
    """What to tell the person."""

    text: str
    good: bool = True


def chosen(access: Access, ids: Sequence[int]) -> IssueQuerySet:
    """The issues with these ids, if the user may triage all of them.

    Raises Http404 when one of them is not the user's to see, PermissionDenied when the
    user only looks: either way nothing has been changed.
    """
    wanted = set(ids)
    seen = set(access.issues().filter(pk__in=wanted).values_list("pk", "project_id"))
    if len(seen) < len(wanted):
        raise Http404("There is no such issue.")
    if not {project for _, project in seen} <= set(access.project_ids(Role.TRIAGER)) and (
        not access.is_owner
    ):
        raise PermissionDenied("Your role in this team is to look, not to triage.")
    return access.issues(Role.TRIAGER).filter(pk__in=wanted)


def carry_out(
    request: HttpRequest, issues: IssueQuerySet, action: str, *, single: bool = False
) -> Said:
    """Do what the form asks."""
    verb = VERBS.get(action)
    if verb is None:
        return Said("Choose what to do with the issues.", good=False)
    try:
        word, outcome = verb(request, issues, datetime.now(UTC))
    except triage.TriageError as problem:
        return Said(str(problem), good=False)
    done, skipped = len(outcome.changed), outcome.skipped
    if single:
        return Said(f"{word}.") if done else Said("It had changed meanwhile: nothing done.", False)
    parts = [f"{done} {word.lower()}"]
    if skipped:
        parts.append(f"{skipped} changed meanwhile or needed nothing")
    return Said(", ".join(parts) + ".", good=bool(done))


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


VERBS: dict[str, Callable[[HttpRequest, IssueQuerySet, datetime], _Result]] = {
    "resolve": _resolve, "reopen": _reopen, "assign": _assign, "comment": _comment,
    "review": _review,
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
