"""Projects with their keys and set-up page, and environments."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from tracker.admin.base import ScopedAdmin, access_of
from tracker.admin.overview import OverviewPages
from tracker.admin.people import PeoplePages
from tracker.admin.rollbar_tokens import RollbarTokens
from tracker.domain.snippets import snippets
from tracker.models import Project, ProjectKey, Role
from tracker.models.coarse import bound, order
from tracker.models.project import new_public_key
from tracker.site import project_cards


def base_url() -> str:
    """Where SDKs reach us, without final slash."""
    return str(settings.EMBERWATCH_URL).rstrip("/")


LABELS = {
    "auto_resolve_days": "Quiet days until resolved",
    "scrub": "Scrub secrets",
    "keep_ip": "Keep whole IP addresses",
    "unlimited": "No limits",
}


@admin.register(Project)
class ProjectAdmin(PeoplePages, OverviewPages, ScopedAdmin[Project]):
    """Projects of the user's teams; a new one comes with its first key."""

    list_display = ("name", "slug", "team", "platform", "first_event_at", "links")
    list_select_related = ("team",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "team", "platform")}),
        ("Triage", {"fields": ("auto_resolve_days",)}),
        ("Privacy", {"fields": ("scrub", "keep_ip", "sensitive_words")}),
        ("Limits", {"fields": ("unlimited",)}),
    )
    change_form_template = "admin/tracker/project/change_form.html"

    @admin.display(description="")
    def links(self, project: Project) -> SafeString:
        """Where people go from here."""
        return format_html(
            '<a href="{}">Issues</a> · <a href="{}">Set-up</a>',
            reverse("admin:tracker_issue_changelist") + f"?q=is:unresolved+project:{project.slug}",
            reverse("admin:tracker_project_setup", args=[project.pk]),
        )

    def get_form(
        self, request: HttpRequest, obj: Project | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """With labels that say what each setting does."""
        return super().get_form(request, obj, change, **{"labels": LABELS, **kwargs})

    def get_readonly_fields(
        self, request: HttpRequest, obj: Project | None = None
    ) -> tuple[str, ...]:
        """Lifting all limits is the owner's."""
        return () if access_of(request).is_owner else ("unlimited",)

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Project | None = None
    ) -> dict[str, Any]:
        return dict(self.prepopulated_fields) if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            ProjectKey.objects.create(project=obj)

    def response_add(
        self, request: HttpRequest, obj: Project, post_url_continue: str | None = None
    ) -> HttpResponse:
        """A new project is not finished before its first event."""
        return HttpResponseRedirect(reverse("admin:tracker_project_setup", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:project_id>/setup/", wrap(require_GET(self.setup_view)),
                 name="tracker_project_setup"),
            path("<int:project_id>/waiting/", wrap(require_GET(self.waiting_view)),
                 name="tracker_project_waiting"),
            *self.overview_urls(),
            *self.people_urls(),
            *super().get_urls(),
        ]  # fmt: skip

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Cards rather than a table: what each sends, what waits."""
        now = datetime.now(UTC)
        access = access_of(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Projects", "opts": self.opts, "now": now,
            "projects": project_cards(access, now),
            "can_add_project": self.has_add_permission(request),
            **(extra_context or {}),
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/project/list.html", context)

    def _project(self, request: HttpRequest, project_id: int) -> Project:
        project = access_of(request).projects.get(project_id)
        if project is None:
            raise Http404("There is no such project.")
        return project

    def setup_view(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """How to point each SDK at the project, waiting for its first event."""
        project = self._project(request, project_id)
        keys = list(project.keys.filter(enabled=True).order_by("pk"))
        url = base_url()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Set up {project.name}", "opts": self.opts, "project": project,
            "now": datetime.now(UTC),
            "keys": [(key, key.dsn(url)) for key in keys],
            "can_change": access_of(request).has(Role.ADMIN, project.team_id),
            "snippets": snippets(keys[0].dsn(url), url, keys[0].rollbar_post_server,
                                 keys[0].rollbar_post_client) if keys else [],
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/project/setup.html", context)

    def waiting_view(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Whether an event has come since a moment, and which issue it made."""
        project = self._project(request, project_id)
        issues = access_of(request).issues().live().filter(project=project)
        if project.first_event_at is not None:
            since = parse_datetime(request.GET.get("since", ""))
            issues = issues.filter(bound(last_seen__gt=since)) if since else issues
        issue = issues.order_by(*order("-last_seen")).first()
        link = reverse("admin:tracker_issue_change", args=[issue.pk]) if issue else ""
        return JsonResponse({"arrived": issue is not None, "url": link})


@admin.register(ProjectKey)
class ProjectKeyAdmin(RollbarTokens, ScopedAdmin[ProjectKey]):
    """Credentials of SDKs: seen by the team, changed by its admins."""

    team_path = "project__team"
    list_display = ("label", "project", "public_key", "enabled", "rate_per_minute", "created_at")
    list_select_related = ("project__team",)
    list_filter = ("enabled",)
    fields = (
        "project", "label", "enabled", "rate_per_minute", "public_dsn",
        "rollbar_post_server", "rollbar_post_client", "created_at",
    )  # fmt: skip
    readonly_fields = ("public_dsn", "rollbar_post_server", "rollbar_post_client", "created_at")
    change_form_template = "admin/tracker/projectkey/change_form.html"

    @admin.display(description="DSN")
    def public_dsn(self, key: ProjectKey) -> str:
        """What an SDK is configured with."""
        return key.dsn(base_url()) if key.pk else "made when it is saved"

    def get_readonly_fields(
        self, request: HttpRequest, obj: ProjectKey | None = None
    ) -> tuple[str, ...]:
        """A key stays with its project: events were counted there."""
        return (*self.readonly_fields, "project") if obj else self.readonly_fields

    def get_urls(self) -> list[URLPattern]:
        rotate = self.admin_site.admin_view(require_POST(self.rotate_view))
        return [
            path("<int:key_id>/rotate/", rotate, name="tracker_projectkey_rotate"),
            *self.token_urls(),
            *super().get_urls(),
        ]

    def rotate_view(self, request: HttpRequest, key_id: int) -> HttpResponse:
        """Replace a key's secrets; SDKs with the old ones are refused at once."""
        key = self.get_object(request, str(key_id))
        if key is None or not self.has_change_permission(request, key):
            raise Http404("There is no such key.")
        key.public_key, key.rollbar_post_server, key.rollbar_post_client = (
            new_public_key(), new_public_key(), new_public_key(),
        )  # fmt: skip
        key.save(update_fields=["public_key", "rollbar_post_server", "rollbar_post_client"])
        self.log_change(request, key, "Replaced the key and its tokens.")
        messages.success(request, "The key was replaced; configure the SDKs with the new one.")
        return HttpResponseRedirect(reverse("admin:tracker_projectkey_change", args=[key.pk]))
