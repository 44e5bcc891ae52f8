"""The pages that links which act open: they ask, and act on the POST of who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alerts.actions import acting
from tracker.access import Access
from tracker.actions import triage
from tracker.domain.snooze import Until
from tracker.models import Issue, Role, User
from tracker.models.issue import IssueQuerySet

SNOOZES: dict[str, tuple[str, Until, timedelta | None]] = {
    "hour": ("For an hour", Until.TIME, timedelta(hours=1)),
    "day": ("For a day", Until.TIME, timedelta(days=1)),
    "week": ("For a week", Until.TIME, timedelta(days=7)),
    "next": ("Until it happens again", Until.NEXT, None),
    "escalating": ("Until it escalates", Until.ESCALATING, None),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to do what a link in a message is for; a POST of who may does it."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return redirect_to_login(request.get_full_path())
    late = False
    try:
        wanted = acting.read(token)
    except acting.TooOld as error:
        wanted, late = error.wanted, True
    except acting.NotOurs:
        raise Http404("There is no such page.") from None
    access = Access.of(user)
    seen = access.issues().live().filter(pk=wanted.issue_id)
    issue = seen.select_related("project", "assignee").first()
    if issue is None:
        raise Http404("There is no such issue.")
    may = access.has(Role.TRIAGER, issue.project.team_id)
    if request.method == "POST" and may and not late:
        mine = access.issues(Role.TRIAGER).filter(pk=issue.pk)
        done, good = _done(wanted.action, mine, user, request.POST.get("until", ""))
        (messages.success if good else messages.warning)(request, done)
        return HttpResponseRedirect(reverse("admin:tracker_issue_change", args=[issue.pk]))
    context = {
        **admin.site.each_context(request),
        "title": acting.LABELS[wanted.action], "issue": issue, "action": wanted.action, "may": may,
        "late": late, "snoozes": [(name, each[0]) for name, each in SNOOZES.items()],
        "done": _is_so(wanted.action, issue, user),
    }  # fmt: skip
    status = 410 if late else 200 if may else 403
    answer = TemplateResponse(request, "alerts/act.html", context, status=status)
    answer["Referrer-Policy"] = "same-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _done(action: str, issues: IssueQuerySet, user: User, until: str) -> tuple[str, bool]:
    """Do it; what to say, and whether it was done."""
    now = timezone.now()
    doing: dict[str, Callable[[], tuple[str, bool]]] = {
        "acknowledge": lambda: (
            ("Acknowledged: you are on it.", True) if acting.acknowledge(issues, user, now)
            else ("Nothing to acknowledge: no alert of it is open and unclaimed.", False)
        ),
        "assign": lambda: _said("Assigned to you.", triage.assign(issues, user, user, now)),
        "resolve": lambda: _said("Resolved.", triage.resolve(issues, user, now)),
        "snooze": lambda: _snoozed(issues, user, until),
    }  # fmt: skip
    try:
        return doing[action]()
    except triage.TriageError as problem:
        return str(problem), False


def _said(word: str, outcome: triage.Outcome) -> tuple[str, bool]:
    if outcome.changed:
        return word, True
    return "Nothing done: it is so already.", False


def _snoozed(issues: IssueQuerySet, user: User, until: str) -> tuple[str, bool]:
    now = timezone.now()
    if until not in SNOOZES:
        return "Choose how long to snooze it.", False
    _label, condition, span = SNOOZES[until]
    moment = now + span if span is not None else None
    return _said("Snoozed.", triage.snooze(issues, user, now, condition, moment=moment))


def _is_so(action: str, issue: Issue, user: User) -> bool:
    """Whether the link's wish has come true already."""
    return {
        "assign": issue.assignee_id == user.pk,
        "resolve": issue.status == Issue.Status.RESOLVED,
        "snooze": issue.status == Issue.Status.SNOOZED,
    }.get(action, False)
