"""Affected users: of an issue, across issues, and the deletion of their data."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods

from tracker import people
from tracker.access import Access
from tracker.actions import forgetting
from tracker.admin.base import WrittenByUs, access_of
from tracker.models import Issue, PersonRemoval, Project, Role


class AffectedPages:
    """Who an issue hit, for the admin of issues."""

    admin_site: Any
    opts: Any
    _issue: Callable[[HttpRequest, int], Issue]

    def affected_urls(self, page: Callable[[str, Any, str], URLPattern]) -> list[URLPattern]:
        """Below the issue's address."""
        return [page("<int:issue_id>/users/", require_GET(self.users_view), "users")]

    def users_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """People that the issue met, the latest first."""
        issue = self._issue(request, issue_id)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Who was hit by {issue.short_id}", "opts": self.opts, "issue": issue,
            "project": issue.project, "now": datetime.now(UTC),
            "page": people.hit_by(issue, request.GET.get("older", "")),
            "on_first": "older" not in request.GET,
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/issue/users.html", context)


class PeoplePages:
    """One person in a project, for the admin of projects."""

    admin_site: Any
    opts: Any
    _project: Callable[[HttpRequest, int], Project]

    def people_urls(self) -> list[URLPattern]:
        """Below the project's address."""
        wrap = self.admin_site.admin_view
        find, person, forget = self.find_view, self.person_view, self.forget_view
        return [
            path("<int:project_id>/people/", wrap(require_http_methods(["GET", "POST"])(find)),
                 name="tracker_project_people"),
            path("<int:project_id>/people/<uuid:key>/", wrap(require_GET(person)),
                 name="tracker_project_person"),
            path("<int:project_id>/people/<uuid:key>/forget/",
                 wrap(require_http_methods(["GET", "POST"])(forget)),
                 name="tracker_project_forget"),
        ]  # fmt: skip

    def _context(self, request: HttpRequest, project: Project) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts, "project": project, "now": datetime.now(UTC),
            "can_forget": access_of(request).has(Role.ADMIN, project.team_id),
        }  # fmt: skip

    def find_view(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Find a person by what they are known by; posted, so that no log holds it."""
        project = self._project(request, project_id)
        who = request.POST.get("who", "").strip()
        if who:
            key = people.key_of(project, who)
            if people.dossier(project, key, access_of(request).issues()):
                return redirect("admin:tracker_project_person", project.pk, key)
        removals = PersonRemoval.objects.filter(project=project).select_related("asked_by")
        context = {
            **self._context(request, project), "title": "People", "missing": bool(who),
            "removals": removals.order_by("-pk")[:20],
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/project/people.html", context)

    def _found(
        self, request: HttpRequest, project_id: int, key: UUID
    ) -> tuple[Project, people.Dossier]:
        project = self._project(request, project_id)
        found = people.dossier(project, key, access_of(request).issues())
        if found is None:
            raise Http404("Nobody is known by this key.")
        return project, found

    def person_view(self, request: HttpRequest, project_id: int, key: UUID) -> HttpResponse:
        """What one person met across issues."""
        project, found = self._found(request, project_id, key)
        context = {
            **self._context(request, project), "title": found.person.name, "dossier": found,
            "pending": PersonRemoval.objects.filter(
                project=project, user_key=key, done_at=None).exists(),
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/project/person.html", context)

    def forget_view(self, request: HttpRequest, project_id: int, key: UUID) -> HttpResponse:
        """Ask, then delete. Admins of the team only."""
        project, found = self._found(request, project_id, key)
        access = access_of(request)
        if not access.has(Role.ADMIN, project.team_id):
            raise PermissionDenied("This needs the role of admin in the team.")
        if request.method == "POST":
            done = forgetting.forget_person(
                project, key, access.user, datetime.now(UTC),
                address=request.META.get("REMOTE_ADDR", ""),
            )  # fmt: skip
            messages.success(request, _said(done))
            return redirect("admin:tracker_project_people", project.pk)
        context = {
            **self._context(request, project), "title": f"Delete the data of {found.person.name}?",
            "dossier": found,
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/project/forget.html", context)


def _said(removal: PersonRemoval) -> str:
    if removal.done_at is None:
        return "The deletion has begun and goes on by itself; this page shows when it is done."
    return f"Deleted: {removal.events} events were emptied of them in {removal.issues} issues."


@admin.register(PersonRemoval)
class PersonRemovalAdmin(WrittenByUs[PersonRemoval]):
    """The record of deletions: append-only, seen by admins of the team."""

    list_display = (
        "project", "user_key", "asked_by", "created_at", "done_at", "events", "issues",
    )  # fmt: skip
    list_display_links = None
    list_select_related = ("project", "asked_by")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> Any:
        access: Access = access_of(request)
        rows = super().get_queryset(request)
        return rows if access.is_owner else rows.filter(project__in=access.project_ids(Role.ADMIN))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and access_of(request).has(Role.ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).has(Role.ADMIN)
