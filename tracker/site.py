"""The admin site: who may enter, its navigation and its home page."""

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.views.decorators.http import require_GET

from tracker import instance, readers
from tracker.access import Access
from tracker.charts import sparkline
from tracker.domain.trends import HOUR, floor_to, series
from tracker.models import Project, User


class EmberwatchSite(AdminSite):
    """Everybody with an account may enter; what they see is a matter of their teams."""

    site_title = "Emberwatch"
    site_header = "Emberwatch"
    index_title = "Home"
    site_url = None
    enable_nav_sidebar = False
    index_template = "admin/home.html"
    sections: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("Issues", "admin:tracker_issue_changelist", "/tracker/issue/"),
        ("Projects", "admin:tracker_project_changelist", "/tracker/project/"),
        ("Releases", "admin:tracker_release_changelist", "/tracker/release/"),
        ("Teams", "admin:tracker_team_changelist", "/tracker/team/"),
    )

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # It would list every row below what is deleted.
        self.disable_action("delete_selected")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Not the pages that allauth brings: factors have one of ours."""
        if admin_class is None or not admin_class.__module__.startswith("allauth."):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Anyone who is logged in and active."""
        return bool(request.user.is_authenticated and request.user.is_active)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The one log-in page, with second factors and limits."""
        from tracker.accounts import Login  # noqa: PLC0415 - workers and commands load no pages

        answer: HttpResponse = Login.as_view()(request)
        return answer

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The owner's page beside Django's."""
        view = self.admin_view(require_GET(self.instance_view))
        return [path("instance/", view, name="instance"), *super().get_urls()]

    def instance_view(self, request: HttpRequest) -> TemplateResponse:
        """How the whole instance is doing; for owners, others find nothing here."""
        access = Access.of(cast("User", request.user))  # the address lets only users in
        if not access.is_owner:
            raise Http404
        now = datetime.now(UTC)
        context = {
            **self.each_context(request), **instance.context(now), "title": "Instance",
            "now": now, "projects": project_cards(access, now),
        }  # fmt: skip
        return TemplateResponse(request, "admin/instance.html", context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page needs; without the list of all models, which nobody navigates by."""
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "has_permission": self.has_permission(request),
            "available_apps": [],
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "log_entries": [],
            "is_owner": bool(request.user.is_authenticated and request.user.is_superuser),
            "sections": self._sections(request) if self.has_permission(request) else [],
            "now": datetime.now(UTC),
        }

    def _sections(self, request: HttpRequest) -> list[tuple[str, str, bool]]:
        found = []
        for label, name, part in self.sections:
            try:
                found.append((label, reverse(name), part in request.path))
            except NoReverseMatch:  # not registered
                continue
        if any(model._meta.app_label == "alerts" for model in self._registry):
            address = reverse("admin:app_list", args=["alerts"])
            found.append(("Alerts", address, "/admin/alerts/" in request.path))
        return found

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """By their names for people; allauth's own are its developers'."""
        found = super().get_app_list(request, app_label)
        for app in found:
            for model in app["models"]:
                if app["app_label"] == "mfa":
                    app["name"], model["name"] = "Security", "Second factors"
        return found

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The user's projects: what each sends, what waits, and where to set it up."""
        access = Access.of(cast("User", request.user))  # the address lets only users in
        context = {
            "projects": project_cards(access, datetime.now(UTC)),
            "can_add_project": access.is_owner or access.has("admin"),
        }
        return super().index(request, {**context, **(extra_context or {})})


def project_cards(access: Access, now: datetime) -> list[dict[str, Any]]:
    """One card a project: two queries for all of them."""
    projects: list[Project] = list(access.projects.values())
    since = floor_to(now, HOUR) - 23 * HOUR
    hours = readers.hourly_of_projects([p.pk for p in projects], since)
    waiting = readers.unresolved_per_project([p.pk for p in projects])
    cards = []
    for project in projects:
        day = series(hours.get(project.pk, {}), now, HOUR, 24)
        cards.append({
            "project": project,
            "spark": sparkline(day, 220, 36),
            "events": day.total,
            "unresolved": waiting.get(project.pk, 0),
            "silent": project.first_event_at is None,
        })  # fmt: skip
    return cards
