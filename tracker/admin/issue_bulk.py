"""Verbs on chosen issues of the list and on all that a query finds; the jobs made of those.

What can't be taken back, and whatever reaches beyond the page, is confirmed with its true
count. More than 500 issues become a job: the list shows how far it is, and offers to undo
it as a whole.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.views.decorators.http import require_GET

from tracker.actions import bulk
from tracker.actions.common import TriageError
from tracker.actions.undo import VALID
from tracker.admin.base import access_of
from tracker.admin.issue_list import ListState, found_by
from tracker.admin.verbs import (
    BULK_LIMIT,
    NEEDS_ADMIN,
    as_job,
    assignee,
    carry_out,
    chosen,
    said,
    take_back,
)
from tracker.asides import bulk_view
from tracker.models import BulkJob, Role
from tracker.models.coarse import order
from tracker.models.issue import IssueQuerySet

MOST = 100_000
"""Issues that one confirmation may reach."""
SAMPLE = 12
"""Issues that the confirm page names, the loudest first; all where they are chosen one by one."""
_ARGUMENTS = (
    "assignee", "releases", "events", "users", "rate", "minutes", "time", "priority",
)  # fmt: skip
"""Fields of the list's form that belong to a verb."""
_WORDS = {
    "resolve": ("Resolve {}", "resolved"),
    "resolve_next": ("Resolve {} in the next release", "resolved"),
    "resolve_in": ("Resolve {} in a release", "resolved"),
    "reopen": ("Reopen {}", "reopened"),
    "snooze": ("Snooze {}", "snoozed"),
    "assign": ("Assign {}", "assigned"),
    "priority": ("Change the priority of {}", "given a priority"),
    "review": ("Mark {} as reviewed", "reviewed"),
    "merge": ("Merge {}", "merged"),
    "delete": ("Delete {}", "deleted"),
    bulk.UNDO: ("Undo for {}", "put back"),
}
"""What is about to be done, and what was done."""


def words_of(verb: str, things: str) -> tuple[str, str]:
    """`Resolve 12 issues` and `resolved`."""
    name = verb.partition(":")[0]
    what, done = _WORDS.get(name, (f"{name.capitalize()} {{}}", "changed"))
    return what.format(things), done


def selection(request: HttpRequest) -> set[int]:
    """The issues that were chosen when this list was left: they stay chosen once."""
    kept = request.session.pop("chosen", ())
    return set(kept) if isinstance(kept, list) else set()


def job_strip(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """What the list says of the job that this session began last; one query where there is one."""
    number = request.session.get("job")
    if not number:
        return None
    job = BulkJob.objects.filter(pk=number, actor=access_of(request).user).first()
    if job is None or (job.finished_at and now - job.finished_at > VALID):
        del request.session["job"]
        return None
    return told(job)


def told(job: BulkJob) -> dict[str, Any]:
    """Progress in words, for the page and for its script."""
    progress = bulk.progress(job)
    what, done = words_of(job.verb, f"{job.total:,} issues")
    text = f"{job.changed:,} {done}"
    if job.finished_at and job.skipped:
        text += f", {job.skipped:,} changed meanwhile or needed nothing"
    return {**progress, "what": what, "text": text, "undo": progress["undo"] or ""}


class BulkPages:
    """The list's POST and what follows from it; a part of the admin of issues."""

    admin_site: admin.AdminSite
    opts: Any

    def bulk_urls(self, page: Callable[[str, Any, str], URLPattern]) -> list[URLPattern]:
        """Addresses, made by the admin's own way of wrapping."""
        return [page("jobs/<int:job_id>/", require_GET(self.job_view), "job")]

    def _bulk(self, request: HttpRequest) -> HttpResponse:
        back = HttpResponseRedirect(request.get_full_path())
        action = request.POST.get("action", "")
        if action in ("undo", "stop", "dismiss"):
            said_of = self._of_job(request, action)
            if not said_of:
                said(request, take_back(request))
            return back
        if request.POST.get("all"):
            return self._everything(request, action, back)
        ids = [int(text) for text in request.POST.getlist("_selected_action") if text.isdecimal()]
        if not ids:
            messages.warning(request, "Choose at least one issue first.")
            return back
        if len(ids) > BULK_LIMIT:
            messages.warning(request, f"At most {BULK_LIMIT} issues at once.")
            return back
        issues = chosen(access_of(request), ids, _role(action))
        if action in NEEDS_ADMIN and not request.POST.get("confirmed"):
            return self._confirm(request, issues, action)
        if view := bulk_view(action):
            return view(request, issues)
        said(request, carry_out(request, issues, action))
        request.session["chosen"] = ids
        return back

    # --- All that the query finds ---------------------------------------------------------------

    def _everything(self, request: HttpRequest, action: str, back: HttpResponse) -> HttpResponse:
        """Everything that the list's query found when it was confirmed."""
        now = datetime.now(UTC)
        access, moment = access_of(request), _moment(request.POST.get("asof", ""), now)
        found, error = found_by(ListState.read(request.GET), access, now)
        if not access.is_owner:
            found = found.filter(project__in=access.project_ids(_role(action)))
        # What came after the confirmation was not confirmed.
        found = found.filter(first_seen__lte=moment)
        ids = list(found.order_by().values_list("pk", flat=True)[: MOST + 1])
        if error or not ids or len(ids) > MOST:
            messages.warning(request, error or (
                f"That is more than {MOST:,} issues: narrow the search." if ids
                else "There is nothing here that you may change."
            ))  # fmt: skip
            return back
        view = bulk_view(action)
        if (action == "merge" or view) and len(ids) > BULK_LIMIT:
            messages.warning(request, f"At most {BULK_LIMIT} issues at once for this.")
            return back
        if view:
            return view(request, chosen(access, ids, _role(action)))
        if not request.POST.get("confirmed"):
            return self._confirm(request, access.issues().filter(pk__in=ids), action, moment)
        if len(ids) <= BULK_LIMIT:
            said(request, carry_out(request, chosen(access, ids, _role(action)), action))
            return back
        return self._start(request, action, ids, now, back)

    def _start(
        self, request: HttpRequest, action: str, ids: list[int], now: datetime, back: HttpResponse
    ) -> HttpResponse:
        try:
            verb, arguments = as_job(request, action, now)
            job = bulk.start(access_of(request).user, verb, ids, arguments, now)
        except TriageError as problem:
            messages.warning(request, str(problem))
            return back
        _watch(request, job, now)
        return back

    def _confirm(
        self, request: HttpRequest, issues: IssueQuerySet, action: str, asof: datetime | None = None
    ) -> HttpResponse:
        """What reaches far is asked twice, with true counts."""
        rows = issues.live().select_related("project")
        if asof is None:
            shown = list(rows.order_by("first_seen", "pk"))
            count, events = len(shown), sum(row.events for row in shown)
        else:
            figures = [row["events"] for row in rows.values("events")]
            count, events = len(figures), sum(figures)
            # A merge shows which one survives.
            walk = ("first_seen", "pk") if action == "merge" else ("-events", "-pk")
            shown = list(rows.order_by(*order(*walk))[:SAMPLE])
        things = shown[0].short_id if count == 1 else f"{count:,} issues"
        what = words_of(action, things)[0] + _how(request, action)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{what}?", "opts": self.opts, "rows": shown, "action": action,
            "what": what, "count": count, "more": count - len(shown), "events": events,
            "back": request.get_full_path(), "asof": asof,
            "final": action in NEEDS_ADMIN,
            "fields": _kept(request.POST),
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/issue/confirm.html", context)

    # --- Jobs -------------------------------------------------------------------------------------

    def job_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """How far one's own job is."""
        job = BulkJob.objects.filter(pk=job_id, actor=access_of(request).user).first()
        if job is None:
            raise Http404("There is no such job.")
        return JsonResponse(told(job))

    def _of_job(self, request: HttpRequest, action: str) -> bool:
        """Undo, stop or put away the session's job; False when the post was not about it."""
        number, user = request.session.get("job"), access_of(request).user
        job = BulkJob.objects.filter(pk=number, actor=user).first() if number else None
        now = datetime.now(UTC)
        if action == "undo":
            if job is None or str(job.token) != request.POST.get("token"):
                return False
            try:
                _watch(request, bulk.take_back(job, user, now), now)
            except TriageError as problem:
                messages.warning(request, str(problem))
        elif job is not None and action == "stop":
            bulk.stop(job, now)
        else:
            request.session.pop("job", None)
        return True


def _how(request: HttpRequest, action: str) -> str:
    """What the form adds to the verb, in words: to whom, in which release, how high."""
    name, _, argument = action.partition(":")
    if name == "assign":
        to = assignee(access_of(request), request.POST.get("assignee", ""))
        return f" to {to}" if to else " to nobody"
    if name == "resolve_in":
        return f": {request.POST.get('releases', '')[:100]}"
    return f": {argument}" if name == "priority" and argument else ""


def _watch(request: HttpRequest, job: BulkJob, now: datetime) -> None:
    """Do the first chunk at once, so that something is seen; the rest is a worker's."""
    bulk.step(job.pk, now)
    request.session.pop("undo", None)
    request.session["job"] = job.pk


def _role(action: str) -> str:
    return Role.ADMIN if action in NEEDS_ADMIN else Role.TRIAGER


def _moment(text: str, now: datetime) -> datetime:
    """The moment of the confirmation; never a later one than now."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return now
    return min(moment, now) if moment.tzinfo else now


def _kept(posted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Arguments of the verb, to be posted again."""
    return [(name, str(posted[name])[:1000]) for name in _ARGUMENTS if posted.get(name)]
