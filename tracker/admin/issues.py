"""Issues in the admin: list, detail and the verbs, all under stock addresses."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from tracker import code, event_extras, origins, readers
from tracker.admin._typed import StockAdmin
from tracker.admin.base import access_of
from tracker.admin.issue_bulk import BulkPages, job_strip, selection
from tracker.admin.issue_detail import DAYS, detail_context, event_text
from tracker.admin.issue_list import DEFAULT, ListState, found_by, list_context
from tracker.admin.issue_moves import MovingPages
from tracker.admin.people import AffectedPages
from tracker.admin.verbs import carry_out, chosen, said, take_back, undoable
from tracker.asides import asides_of, bulk_choices, with_columns
from tracker.domain.trends import DAY
from tracker.models import EventRow, Issue, Role
from tracker.models.coarse import bound
from tracker.models.issue import IssueQuerySet
from tracker.payloads import PayloadError, unpack
from tracker.saved_views import menus
from tracker.search import jump

SORTED = "sorted"
"""The cookie of the order that the list was in last."""
YEAR = 365 * 86_400


@admin.register(Issue)
class IssueAdmin(BulkPages, AffectedPages, MovingPages, StockAdmin[Issue]):
    """Issues come from events alone: nothing is added, edited or deleted as a form."""

    def get_queryset(self, request: HttpRequest) -> IssueQuerySet:
        """What the user may see; every page, action and answer below starts here."""
        return access_of(request).issues()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated

    def has_view_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        return request.user.is_authenticated

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """Our own pages, under the names that Django's links use."""

        def page(route: str, view: Any, name: str) -> URLPattern:
            found: URLPattern = path(
                route, self.admin_site.admin_view(view), name=f"tracker_issue_{name}"
            )
            return found

        event = "<int:issue_id>/events/<str:event_id>/"
        return [
            page("", self.changelist_view, "changelist"),
            page("live/", require_GET(self.live_view), "live"),
            page("<int:issue_id>/change/", require_GET(self.detail_view), "change"),
            page("<int:issue_id>/", require_GET(self.short_view), "short"),
            page("<int:issue_id>/act/", require_POST(self.act_view), "act"),
            page(event, require_GET(self.detail_view), "event"),
            page(event + "raw/", require_GET(self.raw_view), "raw"),
            page(event + "trace/", require_GET(self.trace_view), "trace"),
            *self.bulk_urls(page),
            *self.moving_urls(page),
            *self.affected_urls(page),
        ]

    # --- List ---------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; a POST carries out a verb on the chosen issues and comes back to it."""
        if request.method == "POST":
            return self._bulk(request)
        access, now = access_of(request), datetime.now(UTC)
        state = ListState.read(request.GET)
        shelf = menus(access)
        if "q" not in request.GET and not state.cursor:
            home = shelf.default()
            address = home.url if home else _as_last_sorted(request)
            if address:
                return redirect(reverse("admin:tracker_issue_changelist") + address)
        jump = self._jump(request, state)
        if jump:
            return redirect(jump)
        context = {
            **self.admin_site.each_context(request),
            **list_context(state, access, now, shelf),
            "title": "Issues", "opts": self.opts, "now": now, "undo": undoable(request, now),
            "can_admin": access.has(Role.ADMIN), "job": job_strip(request, now),
            "kept": selection(request), "more_choices": bulk_choices(),
            **(extra_context or {}),
        }  # fmt: skip
        answer = TemplateResponse(request, "admin/tracker/issue/list.html", context)
        if request.GET.get("sort") == state.sort != request.COOKIES.get(SORTED):
            answer.set_cookie(
                SORTED, state.sort, YEAR, path=request.path, secure=request.is_secure(),
                httponly=True, samesite="Lax",
            )  # fmt: skip
        return answer

    def _jump(self, request: HttpRequest, state: ListState) -> str:
        """Where a query that names one issue or event leads; "" otherwise."""
        found = jump(state.query, access_of(request).user)
        if found is None:
            return ""
        if found.event_id is None:
            return reverse("admin:tracker_issue_change", args=[found.issue_id])
        return reverse("admin:tracker_issue_event", args=[found.issue_id, found.event_id.hex])

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """How many issues of the present query came or moved up since a moment."""
        now = datetime.now(UTC)
        try:
            since = datetime.fromisoformat(request.GET.get("since", ""))
        except ValueError:
            return JsonResponse({"fresh": 0})
        if since.tzinfo is None:
            return JsonResponse({"fresh": 0})
        access = access_of(request)
        found, _ = found_by(ListState.read(request.GET), access, now)
        fresh = readers.bounded_counts(
            access.user, {"fresh": found.filter(bound(last_seen__gt=since))}
        )
        return JsonResponse(fresh)

    # --- One issue ------------------------------------------------------------------------------

    def _issue(self, request: HttpRequest, issue_id: int) -> Issue:
        issues = readers.with_environment_names(self.get_queryset(request).with_sources())
        since = datetime.now(UTC) - DAYS * DAY
        told = with_columns(code.with_code(origins.with_origin(issues, since)))
        rows: QuerySet[Issue] = told.select_related(
            "first_release", "last_release", "resolved_release", "assignee", "assignee_team"
        )
        issue = rows.filter(pk=issue_id, deleted_at__isnull=True).first()
        if issue is None:
            raise Http404("There is no such issue.")
        issue.project = access_of(request).projects[issue.project_id]
        return issue

    def _event(self, issue: Issue, event_id: str) -> EventRow:
        try:
            event = readers.one_event(issue, uuid.UUID(event_id).hex)
        except ValueError:
            event = None
        if event is None:
            raise Http404("There is no such event.")
        return event

    def short_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """The address that people type."""
        return redirect("admin:tracker_issue_change", issue_id)

    def detail_view(self, request: HttpRequest, issue_id: int, event_id: str = "") -> HttpResponse:
        """One issue with one of its events, the latest unless another is asked for."""
        issue = self._issue(request, issue_id)
        if issue.merged_into:
            if event_id:
                return redirect("admin:tracker_issue_event", issue.merged_into, event_id)
            return redirect("admin:tracker_issue_change", issue.merged_into)
        if event_id == "recommended":
            best = event_extras.recommended_event(issue)
            return redirect("admin:tracker_issue_event", issue.pk, best) if best else redirect(
                "admin:tracker_issue_change", issue.pk)  # fmt: skip
        event = self._event(issue, event_id) if event_id else readers.latest_event(issue)
        now = datetime.now(UTC)
        context = {
            **self.admin_site.each_context(request),
            **detail_context(issue, event, access_of(request), now),
            "title": issue.short_id, "opts": self.opts, "now": now, "on_event": bool(event_id),
            "undo": undoable(request, now, issue.pk),
            "asides": asides_of(request, issue, access_of(request), now),
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/issue/detail.html", context)

    def raw_view(self, request: HttpRequest, issue_id: int, event_id: str) -> HttpResponse:
        """The stored event as it is, to be saved: never rendered by a browser."""
        event = self._event(self._issue(request, issue_id), event_id)
        try:
            data = unpack(bytes(event.payload), event.dictionary)
        except PayloadError as error:
            raise Http404(str(error)) from error
        text = json.dumps(data, indent=2, ensure_ascii=False)
        return _download(text, f"event-{event.event_id.hex}.json.txt")

    def trace_view(self, request: HttpRequest, issue_id: int, event_id: str) -> HttpResponse:
        """The stack trace as plain text."""
        event = self._event(self._issue(request, issue_id), event_id)
        return _download(event_text(event), f"trace-{event.event_id.hex}.txt")

    def act_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """One verb on this issue."""
        issue = self._issue(request, issue_id)
        issues = chosen(access_of(request), [issue.pk])
        action = request.POST.get("action", "")
        if action == "undo":
            said(request, take_back(request))
        else:
            said(request, carry_out(request, issues, action, single=True))
        return redirect("admin:tracker_issue_change", issue.pk)


def _as_last_sorted(request: HttpRequest) -> str:
    """The list's own view in the order that this person chose last; "" for the usual one."""
    sort = request.COOKIES.get(SORTED, "last_seen")
    if "sort" in request.GET or sort == "last_seen" or sort not in readers.SORTS:
        return ""
    return "?" + urlencode({"q": DEFAULT, "sort": sort})


def _download(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
